/* The dashboard's own behaviour: say how far it is, take the bones away when the first output is there. */
(function () {
  "use strict";
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
    const cells = document.getElementById("ec-cells");
    if (!cells.querySelector('script[type="application/vnd.voila.cell-output+json"]')) shown();
    look();
  };

  // What a reader can see: a widget that is drawn, or plain output.
  function look() {
    if (document.querySelector("#ec-cells .ec-live, #ec-cells .ec, #ec-cells .ec-panel, #ec-cells .jupyter-widgets")) shown();
  }

  document.addEventListener("DOMContentLoaded", function () {
    const switched = document.getElementById("ec-sme");
    if (switched) switched.addEventListener("change", () => switched.form.submit());
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
    look();
  });
})();
