// Charts say everything without this: each part has its words and leads to its rows. With it, a line
// stands through what is pointed at or focused, its words beside it; and the page has a print button.
const SVG = "http://www.w3.org/2000/svg";

for (const place of document.querySelectorAll("[data-print]")) {
  place.hidden = false;
  place.addEventListener("click", () => window.print());
}

for (const svg of document.querySelectorAll(".chart svg:has(a .target):not(svg svg)")) {
  const figure = svg.closest(".chart");
  const line = document.createElementNS(SVG, "line");
  const words = document.createElement("p");
  line.setAttribute("class", "crosshair");
  words.className = "chart-words";
  // Its link says the same to a screen reader.
  words.setAttribute("aria-hidden", "true");
  words.hidden = true;
  figure.append(words);
  // The browser's own tooltip would stand over ours; the link keeps its name.
  for (const title of svg.querySelectorAll("a > title")) {
    const link = title.parentElement;
    if (!link.hasAttribute("aria-label")) {
      link.setAttribute("aria-label", title.textContent.replace(/\s+/g, " ").trim());
    }
    title.remove();
  }

  const leave = () => {
    line.remove();
    words.hidden = true;
  };
  const show = event => {
    const link = event.target.closest("a");
    const target = link?.querySelector(".target");
    if (!target) return leave();
    // A point may stand in a drawing of its own within the chart.
    const whole = svg.getBoundingClientRect();
    const box = target.getBoundingClientRect();
    const middle = box.left + box.width / 2 - whole.left;
    for (const [name, value] of [["x1", middle], ["x2", middle], ["y1", 0], ["y2", box.height]]) {
      line.setAttribute(name, value);
    }
    // First, so that nothing of the chart lies under it and the pointer stays on its link.
    svg.prepend(line);
    words.textContent = link.getAttribute("aria-label");
    words.hidden = false;
    const around = figure.getBoundingClientRect();
    const left = box.left + box.width / 2 - around.left - words.offsetWidth / 2;
    const most = around.width - words.offsetWidth;
    words.style.left = `${Math.max(0, Math.min(left, most))}px`;
    words.style.top = `${box.top - around.top - words.offsetHeight - 4}px`;
  };
  svg.addEventListener("pointerover", show);
  svg.addEventListener("pointerleave", leave);
  svg.addEventListener("focusin", show);
  svg.addEventListener("focusout", leave);
  document.addEventListener("keydown", event => {
    if (event.key === "Escape") leave();
  });
}
