/* Printing: charts in the paper's width, folded tables open, and one part of a page alone where a button
   <button data-print="section section"> asks for it. */
(function () {
  "use strict";
  if (window.echannelPrint) return;
  window.echannelPrint = true;
  const PAPER = 640; // px between the margins of an A4 page, inside a card

  function fit(width) {
    if (!window.Plotly) return;
    document.querySelectorAll(".ec-figure").forEach(function (figure) {
      if (!figure.querySelector(".main-svg")) return;
      Plotly.relayout(figure, width ? { width: width, autosize: false } : { width: null, autosize: true });
    });
  }

  window.addEventListener("beforeprint", function () { fit(PAPER); });
  window.addEventListener("afterprint", function () {
    fit(0);
    document.body.classList.remove("ec-part");
    document.querySelectorAll(".ec-unprinted").forEach(function (one) { one.classList.remove("ec-unprinted"); });
  });

  // What stands below a section's head, up to the next one's, belongs to it.
  function choose(sections) {
    let inside = false;
    document.querySelectorAll(".ec-section, .ec-card, .ec-opening, .ec-tiles, .ec-offer").forEach(function (one) {
      if (one.matches(".ec-section")) inside = sections.includes(one.id.replace("section-", ""));
      one.classList.toggle("ec-unprinted", !inside);
    });
    document.body.classList.add("ec-part");
  }

  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-print]");
    if (!button) return;
    choose(button.getAttribute("data-print").split(" "));
    window.print();
  });
})();
