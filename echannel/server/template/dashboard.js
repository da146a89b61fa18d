/* A dashboard comes up: it says how far it is, takes the bones away when the first output is there, and draws
   the widgets that the kernel made once all of them have arrived. */
(function () {
  "use strict";
  // Not the type that Voilà looks for: its own renderer gives a widget two seconds, and when all of them
  // arrive just as those end, it reports them missing. Here they are drawn after they have arrived.
  const HELD = 'script[type="application/vnd.echannel.widget+json"]';
  const PATIENCE = 45000;
  const waiting = () => document.getElementById("ec-waiting");

  function shown() {
    const bones = waiting();
    if (bones && !bones.hidden) {
      bones.hidden = true;
      performance.mark("echannel-shown");
    }
  }

  window.voila_heartbeat = function () {};
  window.voila_process = function (cell, cells) {
    const step = document.getElementById("ec-step");
    if (step) step.textContent = waiting().dataset.words.replace("{cell}", cell).replace("{cells}", cells);
    look();
  };
  window.display_cells = function () {};
  window.voila_finish = function () {
    if (!document.querySelector(HELD)) shown();
    look();
    draw();
  };

  // What a reader can see: a widget that is drawn, or plain output.
  function look() {
    if (document.querySelector("#ec-cells .ec-live, #ec-cells .ec, #ec-cells .ec-panel, #ec-cells .jupyter-widgets")) shown();
  }

  function draw() {
    if (document.body.dataset.draws === "voila") return byVoila();
    if (!document.querySelector(HELD)) return startLate();
    window.echannelLive.restored(late).then(drawOwn).catch(late);
    patience = setTimeout(() => late(new Error("the kernel does not answer")), PATIENCE);
  }
  let patience = 0;

  function drawOwn(models) {
    clearTimeout(patience);
    const held = Array.from(document.querySelectorAll(HELD), (one) => [one, models.get(JSON.parse(one.textContent).model_id)]);
    if (!held.every(([, model]) => model && window.echannelControls.isKnown(model))) throw new Error("a widget that is not known");
    for (const [one, model] of held) one.replaceWith(window.echannelControls.make(model));
    finished(held.map(([, model]) => model));
  }

  function finished(models) {
    window.echannelModels = models;
    document.dispatchEvent(new CustomEvent("echannel-drawn"));
    requestAnimationFrame(() => setTimeout(startLate, 60)); // once all of that is on the screen
  }

  // What draws charts takes half a second to start: text can be read and filters used before.
  function startLate() {
    for (const named of document.querySelectorAll("link.ec-late")) {
      const script = document.createElement("script");
      script.src = named.href;
      script.addEventListener("load", () => window.echannelFigures && window.echannelFigures.scan(document));
      named.replaceWith(script);
    }
  }

  // ---- a page with other widgets than those of our tools: Voilà's script draws them

  function byVoila() {
    window.echannelLive.close();
    let app;
    Object.defineProperty(window, "jupyterapp", {
      configurable: true,
      get: () => app,
      set(started) {
        app = started;
        started.widgetManagerPromise.promise.then(arrived).then(drawAll).catch(late);
      },
    });
  }

  // The manager, once it has every model of this page.
  function arrived(manager) {
    if (manager.restoredStatus) return manager;
    return new Promise(function (resolve, reject) {
      const timer = setTimeout(() => reject(new Error("the kernel does not answer")), PATIENCE);
      const done = function () {
        clearTimeout(timer);
        manager.restored.disconnect(done);
        resolve(manager);
      };
      manager.restored.connect(done);
    });
  }

  async function drawAll(manager) {
    const models = [];
    for (const held of document.querySelectorAll(HELD)) {
      const place = held.parentElement;
      const model = await manager.get_model(JSON.parse(held.textContent).model_id);
      const view = await manager.create_view(model);
      held.remove();
      view.luminoWidget.constructor.attach(view.luminoWidget, place);
      models.push(model);
    }
    finished(models);
  }

  // Said where the page would be: a figure that never comes must not look like one that is on its way.
  function late(error) {
    const words = waiting();
    console.warn(error);
    startLate();
    if (!words) return;
    words.hidden = false;
    words.querySelector("p").textContent = words.dataset.late;
    const again = document.createElement("a");
    again.href = location.href;
    again.textContent = words.dataset.again;
    words.querySelector("p").append(" ", again);
  }

  document.addEventListener("DOMContentLoaded", function () {
    const switched = document.getElementById("ec-sme");
    if (switched) switched.addEventListener("change", () => switched.form.submit());
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
    look();
  });
})();
