/* Opens the index in the first of the reader's languages that there is. */
(function () {
  "use strict";
  const known = ["en", "fr"];
  const wanted = (navigator.languages || [navigator.language]).map((tag) => tag.slice(0, 2).toLowerCase());
  const language = wanted.find((tag) => known.includes(tag)) || known[0];
  location.replace("index." + language + ".html");
})();
