/* What a dashboard's reader does beside filtering: print, take files, give an opinion, read in both languages,
   share the screen. What needs the kernel goes over the page's own widget channel. */
(function () {
  "use strict";
  const $ = (selector, root) => (root || document).querySelector(selector);
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const PAGE_OF_OTHERS = ["sme", "lang"]; // of an address: what a link says for itself

  // ---- the channel

  let channel;
  const asked = new Map();
  let number = 0;

  function ask(what, more) {
    if (!channel) return Promise.reject(new Error("not ready"));
    number += 1;
    const mine = number;
    channel.send(Object.assign({ ask: what, number: mine }, more), {}, []); // as Voilà's models have it, too
    return new Promise((resolve) => asked.set(mine, resolve));
  }

  function heard(content, buffers) {
    if (content.tell === "drawn") return showDrawn(content.html);
    if (content.tell === "address") return keep(content.query);
    if (content.tell === "other") return showOther(content.html);
    const resolve = asked.get(content.number);
    asked.delete(content.number);
    if (resolve) resolve({ content: content, buffers: buffers });
  }

  document.addEventListener("echannel-drawn", function () {
    channel = window.echannelModels.find((model) => (model.get("_dom_classes") || []).includes("ec-channel"));
    if (!channel) return;
    channel.on("msg:custom", heard);
    all(".ec-actions [data-needs-channel]").forEach((button) => { button.disabled = false; });
    const query = new URL(location).searchParams;
    if (query.has("both")) both(true);
    if (query.has("share")) share(true);
  });

  // What was drawn anew, and what is on the screen: that is drawn first.
  function showDrawn(html) {
    for (const [slot, text] of Object.entries(html)) {
      const place = $(".ec-slot-" + slot);
      if (place) place.innerHTML = text;
    }
  }

  document.addEventListener("echannel-choice", function () {
    if (!channel) return;
    const seen = all("[data-slot]").filter(function (one) {
      const box = one.getBoundingClientRect();
      return box.height && box.bottom > 0 && box.top < innerHeight;
    });
    channel.send({ ask: "sight", number: 0, slots: seen.map((one) => Number(one.dataset.slot)) });
  });

  function say(text) {
    const place = $("#ec-told");
    if (place) place.textContent = text || "";
  }

  // ---- the address, and links that keep what was chosen

  function keep(query) {
    const here = new URL(location);
    for (const [name, value] of Object.entries(query)) {
      if (value === "") here.searchParams.delete(name); else here.searchParams.set(name, value);
    }
    history.replaceState(null, "", here);
    relink();
  }

  function mark(name, on) {
    keep({ [name]: on ? "1" : "" });
  }

  function relink() {
    const kept = new URL(location).searchParams;
    for (const link of all('.ec-tools a[href*=".ipynb"], .ec-languages a[href*=".ipynb"]')) {
      const to = new URL(link.href);
      for (const name of Array.from(to.searchParams.keys())) {
        if (!PAGE_OF_OTHERS.includes(name)) to.searchParams.delete(name);
      }
      kept.forEach((value, name) => { if (!PAGE_OF_OTHERS.includes(name)) to.searchParams.set(name, value); });
      link.href = to;
    }
  }

  // ---- files

  function hand(reply) {
    if (reply.content.failed) return say(reply.content.failed);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(reply.buffers));
    link.download = reply.content.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  function cardOf(element) {
    const card = element.closest("[data-card]");
    return card && card.dataset.card;
  }

  // ---- opinions

  function opinion(row, kind, text) {
    return ask("feedback", { card: cardOf(row), kind: kind, text: text || "" }).then(function (reply) {
      $(".ec-said", row).textContent = reply.content.failed || reply.content.said;
    });
  }

  function pressed(button) {
    const row = button.closest(".ec-feedback");
    const kind = button.dataset.kind;
    const form = $("form", row);
    all("[data-kind]", row).forEach((one) => one.setAttribute("aria-pressed", String(one === button)));
    if (kind === "not_understood") {
      const lesson = $(".ec-lesson", button.closest(".ec-card"));
      if (lesson) {
        lesson.open = true;
        lesson.setAttribute("data-kept", "");
        lesson.scrollIntoView({ block: "nearest" });
        $("summary", lesson).focus();
      }
    }
    form.hidden = kind === "useful";
    form.dataset.kind = kind;
    if (kind === "missing") $("textarea", form).focus(); else opinion(row, kind, "");
  }

  document.addEventListener("submit", function (event) {
    const row = event.target.closest(".ec-feedback");
    if (!row) return;
    event.preventDefault();
    const field = $("textarea", event.target);
    opinion(row, event.target.dataset.kind, field.value).then(function () {
      field.value = "";
      event.target.hidden = true;
    });
  });

  // ---- both languages, side by side

  let other = "";

  function both(on) {
    document.body.classList.toggle("ec-both", on);
    const button = $("#ec-do-both");
    if (button) button.setAttribute("aria-pressed", String(on));
    mark("both", on);
    return ask("other", { on: on }).then(function (reply) {
      other = reply.content.language;
      all(".ec-other").forEach((one) => one.remove());
      if (on) showOther(reply.content.html);
      window.dispatchEvent(new Event("resize"));
      if (sharing) showStep();
    });
  }

  function showOther(html) {
    for (const [slot, text] of Object.entries(html)) {
      const mine = $(".ec-slot-" + slot);
      if (!mine) continue;
      const place = mine.closest(".ec-output");
      let twin = $(".ec-other", place);
      if (!twin) {
        twin = document.createElement("div");
        twin.className = "ec-other";
        twin.lang = other;
        place.append(twin);
      }
      twin.innerHTML = text;
      for (const one of all("[id]", twin)) one.id = "o-" + one.id;
      for (const name of ["aria-labelledby", "aria-describedby"]) {
        for (const one of all("[" + name + "]", twin)) one.setAttribute(name, "o-" + one.getAttribute(name));
      }
      place.classList.toggle("ec-pair", Boolean(twin.firstElementChild));
    }
  }

  // ---- one message a screen

  let sharing = false;
  let at = 0;

  function steps() {
    const found = all(".ec-opening, .ec-tiles, .ec-card").filter((one) => !one.closest(".ec-other"));
    return found.map((one) => one.closest(".ec-output"));
  }

  function share(on) {
    sharing = on;
    document.body.classList.toggle("ec-share", on);
    const button = $("#ec-do-share");
    if (button) button.setAttribute("aria-pressed", String(on));
    $("#ec-share-bar").hidden = !on;
    mark("share", on);
    if (on) {
      const asked = parseInt(new URL(location).searchParams.get("at") || "1", 10);
      at = (Number.isFinite(asked) ? asked : 1) - 1;
      showStep();
      $("#ec-share-next").focus({ preventScroll: true });
    } else {
      all(".ec-current").forEach((one) => one.classList.remove("ec-current"));
      keep({ at: "" });
    }
    window.dispatchEvent(new Event("resize"));
  }

  function showStep() {
    const list = steps();
    at = Math.max(0, Math.min(at, list.length - 1));
    all(".ec-current").forEach((one) => one.classList.remove("ec-current"));
    if (list[at]) list[at].classList.add("ec-current");
    const place = $("#ec-share-at");
    place.textContent = place.dataset.words.replace("{at}", at + 1).replace("{all}", list.length);
    $("#ec-share-back").disabled = at === 0;
    $("#ec-share-next").disabled = at === list.length - 1;
    keep({ at: String(at + 1) });
    window.scrollTo(0, 0);
    window.dispatchEvent(new Event("resize"));
  }

  const MOVES = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1, Home: -1e6, End: 1e6 };
  document.addEventListener("keydown", function (event) {
    if (!sharing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea, [role=slider], .ec-scroll")) return;
    if (event.key === "Escape") return share(false);
    if (!(event.key in MOVES)) return;
    event.preventDefault();
    at += MOVES[event.key];
    showStep();
  });

  // ---- what is clicked

  const DOES = {
    print: () => window.print(),
    workbook: () => ask("workbook").then(hand),
    both: () => both(!document.body.classList.contains("ec-both")),
    share: () => share(!sharing),
    back: () => { at -= 1; showStep(); },
    next: () => { at += 1; showStep(); },
  };

  document.addEventListener("click", function (event) {
    const button = event.target.closest("button");
    if (!button) return;
    say("");
    if (button.dataset.does) DOES[button.dataset.does]();
    else if (button.dataset.file) ask("file", { card: cardOf(button), as: button.dataset.file }).then(hand);
    else if (button.dataset.kind) pressed(button);
  });

  document.addEventListener("DOMContentLoaded", relink);
})();
