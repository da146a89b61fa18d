/* Draws every <div class="ec-figure" data-figure="{…}"> with the global Plotly, now and whenever
   one is added or changed: the same way in reports, dashboards and notebooks. */
(function () {
  "use strict";
  if (window.echannelFigures) { window.echannelFigures.scan(document); return; }

  const config = { displayModeBar: false, responsive: true, showTips: false, doubleClick: false };
  const pending = new Set();
  const narrow = window.matchMedia("(max-width: 700px)");

  function draw(element) {
    if (!window.Plotly) return;
    const written = element.getAttribute("data-figure");
    pending.delete(element);
    if (!written || element.drawnFigure === written || !element.isConnected) return;
    element.drawnFigure = written;
    const figure = JSON.parse(written);
    if (narrow.matches && figure.narrow) {
      for (const [axis, change] of Object.entries(figure.narrow)) {
        if (axis === "data") Object.assign(figure.data[0], change);
        else figure.layout[axis] = Array.isArray(change) ? change : Object.assign({}, figure.layout[axis], change);
      }
    }
    Plotly.react(element, figure.data, figure.layout, config);
  }

  const near = "IntersectionObserver" in window
    ? new IntersectionObserver(function (entries) {
        for (const entry of entries) if (entry.isIntersecting) draw(entry.target);
      }, { rootMargin: "400px" })
    : null;

  function take(element) {
    pending.add(element);
    taken = performance.now();
    if (near) near.observe(element); else draw(element);
    later();
  }

  let taken = 0; // when a chart last came
  let waiting = false;
  let patience = 300; // half a minute for the library to arrive
  function later() {
    if (waiting || !pending.size) return;
    waiting = true;
    const idle = window.requestIdleCallback || function (f) { return setTimeout(f, 60); };
    idle(function () {
      waiting = false;
      if (!window.Plotly) { if (patience-- > 0) setTimeout(later, 100); return; }
      // While a page still comes, what is far from the reader's sight would only keep it from coming.
      if (near && performance.now() - taken < 150) { setTimeout(later, 160); return; }
      // One that is hidden has no width to be drawn for: it follows when it comes into sight.
      const next = Array.from(pending).find((one) => one.clientWidth);
      if (next) draw(next);
      if (next || !near) later();
    }, { timeout: 1500 });
  }

  function scan(root) {
    if (root.nodeType !== 1 && root.nodeType !== 9) return;
    if (root.nodeType === 1 && root.matches(".ec-figure[data-figure]")) take(root);
    root.querySelectorAll(".ec-figure[data-figure]").forEach(take);
    if (narrow.matches) {
      root.querySelectorAll("details.ec-lesson[open]:not([data-kept])").forEach(function (lesson) {
        lesson.setAttribute("data-kept", "");
        lesson.removeAttribute("open");
      });
    }
  }

  function drawAll() { Array.from(pending).forEach(draw); }

  window.echannelFigures = { scan: scan, drawAll: drawAll };
  window.addEventListener("beforeprint", function () {
    drawAll();
    document.querySelectorAll("details.ec-fold").forEach(function (fold) { fold.open = true; });
  });
  new MutationObserver(function (changes) {
    for (const change of changes) {
      if (change.type === "attributes") take(change.target);
      change.addedNodes.forEach(scan);
    }
  }).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["data-figure"],
  });
  // A help text that is open is shut by Escape, and opens again when it is next asked for.
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    document.querySelectorAll(".ec-help:hover, .ec-help:focus-within").forEach(function (help) {
      help.setAttribute("data-shut", "");
      help.addEventListener("mouseleave", function () { help.removeAttribute("data-shut"); }, { once: true });
      help.addEventListener("focusout", function () { help.removeAttribute("data-shut"); }, { once: true });
    });
  });
  scan(document);
})();
