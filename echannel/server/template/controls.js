/* Draws the widgets that our pages use, from their models, with the browser's own controls.
   The names of classes are those of ipywidgets: in JupyterLab the same sheet styles its widgets. */
(function () {
  "use strict";
  let number = 0;

  function element(tag, classes) {
    const made = document.createElement(tag);
    if (classes) made.className = classes;
    return made;
  }

  // What surrounds a widget: its own classes, and the layout that the kernel gave it.
  function around(model, classes) {
    const outer = element("div", "jupyter-widgets " + classes);
    outer.classList.add(...(model.get("_dom_classes") || []));
    lay(model, outer);
    return outer;
  }

  function lay(model, outer) {
    const layout = model.child("layout");
    if (!layout) return;
    const apply = function (state) {
      for (const [name, value] of Object.entries(state)) {
        if (name.startsWith("_")) continue;
        const property = name.replace(/_/g, "-");
        if (value === null || value === "") outer.style.removeProperty(property);
        else outer.style.setProperty(property, value);
      }
    };
    apply(layout.state);
    layout.on("change", apply);
  }

  // A labelled control: update() puts the state into it, now and whenever the kernel changes it.
  function labelled(model, classes, control, update) {
    const outer = around(model, "widget-inline-hbox " + classes);
    const label = element("label", "widget-label");
    number += 1;
    control.id = "ec-control-" + number;
    label.htmlFor = control.id;
    outer.append(label, control);
    const show = function () {
      label.textContent = model.get("description");
      label.hidden = !model.get("description");
      control.disabled = Boolean(model.get("disabled"));
      update();
    };
    show();
    model.on("change", show);
    return outer;
  }

  function box(classes) {
    return function (model) {
      const outer = around(model, "widget-container widget-box " + classes);
      const fill = () => outer.replaceChildren(...model.children().map(make));
      fill();
      model.on("change", (change) => { if ("children" in change) fill(); });
      return outer;
    };
  }

  function accordion(model) {
    const outer = around(model, "jupyter-widget-Accordion");
    model.children().forEach(function (child, at) {
      const fold = element("details", "jupyter-widget-Collapse");
      const head = element("summary", "jupyter-widget-Collapse-header");
      head.textContent = (model.get("titles") || [])[at] || "";
      const inside = element("div", "jupyter-widget-Collapse-contents");
      inside.append(make(child));
      fold.open = model.get("selected_index") === at;
      fold.append(head, inside);
      outer.append(fold);
    });
    return outer;
  }

  function html(model) {
    const outer = around(model, "widget-inline-hbox widget-html");
    const content = element("div", "widget-html-content");
    outer.append(content);
    const show = () => { content.innerHTML = model.get("value"); };
    show();
    model.on("change", (change) => { if ("value" in change) show(); });
    return outer;
  }

  function offer(list, labels) {
    if (list.offered === labels.join("\n")) return;
    list.offered = labels.join("\n");
    list.replaceChildren(...labels.map((label) => new Option(label, label)));
  }

  function dropdown(model) {
    const list = element("select");
    list.addEventListener("change", () => model.set({ index: list.selectedIndex }));
    return labelled(model, "widget-dropdown", list, function () {
      offer(list, model.get("_options_labels"));
      const chosen = model.get("index");
      list.selectedIndex = chosen === null ? -1 : chosen;
    });
  }

  function several(model) {
    const list = element("select");
    list.multiple = true;
    list.addEventListener("change", function () {
      model.set({ index: Array.from(list.selectedOptions, (option) => option.index) });
    });
    return labelled(model, "widget-select widget-select-multiple", list, function () {
      list.size = model.get("rows") || 5;
      offer(list, model.get("_options_labels"));
      const chosen = new Set(model.get("index") || []);
      Array.from(list.options).forEach((option, at) => { option.selected = chosen.has(at); });
    });
  }

  // A slider over numbers, or over worded stops: `stops` gives its ends, place and words.
  function slider(model, name, stops) {
    const range = element("input");
    range.type = "range";
    const readout = element("output", "widget-readout");
    const word = function () {
      const words = stops.words(Number(range.value));
      readout.textContent = words;
      range.setAttribute("aria-valuetext", words);
    };
    const tell = () => { if (Number(range.value) !== model.get(name)) model.set({ [name]: Number(range.value) }); };
    range.addEventListener("input", function () { word(); if (model.get("continuous_update")) tell(); });
    range.addEventListener("change", tell);
    const outer = labelled(model, "widget-slider", range, function () {
      [range.min, range.max, range.step] = stops.ends();
      range.value = model.get(name);
      word();
    });
    outer.append(readout);
    return outer;
  }

  function integers(model) {
    return slider(model, "value", {
      ends: () => [model.get("min"), model.get("max"), model.get("step")],
      words: (value) => String(value),
    });
  }

  function selection(model) {
    return slider(model, "index", {
      ends: () => [0, model.get("_options_labels").length - 1, 1],
      words: (value) => model.get("_options_labels")[value],
    });
  }

  const pad = (n, size) => String(n).padStart(size, "0");
  const iso = (day) => (day ? [pad(day.year, 4), pad(day.month + 1, 2), pad(day.date, 2)].join("-") : "");

  function day(model) {
    const field = element("input");
    field.type = "date";
    const tell = function () {
      const [year, month, date] = field.value.split("-").map(Number);
      if (field.validity.valid && iso(model.get("value")) !== field.value) {
        model.set({ value: field.value ? { year: year, month: month - 1, date: date } : null });
      }
    };
    field.addEventListener("change", tell);
    return labelled(model, "widget-datepicker", field, function () {
      field.min = iso(model.get("min"));
      field.max = iso(model.get("max"));
      if (field.value !== iso(model.get("value"))) field.value = iso(model.get("value"));
    });
  }

  function typed(field, model, classes, more) {
    field.addEventListener(model.get("continuous_update") ? "input" : "change", () => model.set({ value: field.value }));
    return labelled(model, classes, field, function () {
      field.placeholder = model.get("placeholder") || "";
      if (field.value !== model.get("value")) field.value = model.get("value");
      if (more) more();
    });
  }

  function text(model) {
    const field = element("input");
    field.type = "text";
    return typed(field, model, "widget-text");
  }

  function longText(model) {
    const field = element("textarea");
    field.rows = model.get("rows") || 3;
    return typed(field, model, "widget-textarea");
  }

  function combobox(model) {
    const field = element("input");
    const offered = element("datalist");
    field.type = "text";
    number += 1;
    offered.id = "ec-offered-" + number;
    field.setAttribute("list", offered.id);
    const outer = typed(field, model, "widget-text widget-combobox", () => offer(offered, model.get("options") || []));
    outer.append(offered);
    return outer;
  }

  function button(model) {
    const made = element("button", "jupyter-widgets jupyter-button widget-button");
    made.type = "button";
    made.classList.add(...(model.get("_dom_classes") || []));
    lay(model, made);
    const show = function () {
      made.textContent = model.get("description");
      made.disabled = Boolean(model.get("disabled"));
      made.title = model.get("tooltip") || "";
    };
    show();
    model.on("change", show);
    made.addEventListener("click", () => model.send({ event: "click" }));
    return made;
  }

  const KINDS = {
    HTMLModel: html, HBoxModel: box("widget-hbox"), VBoxModel: box("widget-vbox"), AccordionModel: accordion,
    DropdownModel: dropdown, SelectMultipleModel: several, SelectionSliderModel: selection, IntSliderModel: integers,
    DatePickerModel: day, TextModel: text, TextareaModel: longText, ComboboxModel: combobox, ButtonModel: button,
  };

  const isKnown = (model) => model.get("_model_name") in KINDS && model.children().every(isKnown);
  const make = (model) => KINDS[model.get("_model_name")](model);
  window.echannelControls = { isKnown: isKnown, make: make };
})();
