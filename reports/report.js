"use strict";
// Draws any node of the embedded data with the rules of ForecastReport's SVGChart and ChartFrame.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const weekdays = "Mon Tue Wed Thu Fri Sat Sun".split(" ");
  const dayLength = 86400000;
  const narrowWidth = 560; // pixels of a chart that gets the telephone's proportions
  const listed = 400; // entries of the list of nodes; the search narrows it

  // Base64 VLQ: five bits a character, sign in the lowest bit; minus zero is a value that is not known.
  const digits = new Map([..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].map((c, i) => [c, i]));
  function unpack(text) {
    const values = [];
    let value = 0, unit = 1;
    for (const character of text) {
      const digit = digits.get(character);
      value += (digit & 31) * unit; // products, not shifts: totals can exceed 32 bits
      unit *= 32;
      if (digit & 32) continue;
      const size = Math.floor(value / 2);
      values.push(value % 2 ? (size ? -size : null) : size);
      value = 0;
      unit = 1;
    }
    return values;
  }

  function decode(packed) {
    const [productLevel, product, locationLevel, location, mean, daily, weekly, steps, total] = packed;
    const flat = unpack(steps), days = [];
    for (let i = 0; i < flat.length; i += 7) {
      const quantiles = [flat[i]];
      for (let k = 1; k < 7; k++) quantiles.push(quantiles[k - 1] + flat[i + k]);
      days.push(quantiles);
    }
    return {
      name: `${data.products[productLevel].names[product]}, ${data.locations[locationLevel].names[location]}`,
      mean, days, daily: unpack(daily), weekly: unpack(weekly), total: unpack(total),
    };
  }

  // Numbers and dates.
  const grouped = (value) => Math.abs(Math.round(value)).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  const whole = (value) => (value < 0 ? "−" : "") + grouped(value);
  const range = (quantiles, lower, upper) => `${whole(quantiles[lower])}–${whole(quantiles[upper])}`;
  const amount = (value) => value >= 99.95 ? whole(value) : value.toFixed(value >= 9.995 ? 1 : 2);
  const trimmed = (value) => String(Math.round(value * 10) / 10);
  function compact(value) {
    for (const [size, suffix] of [[1e12, "T"], [1e9, "bn"], [1e6, "M"], [1e4, "k"]])
      if (value >= size) return trimmed(value / (suffix === "k" ? 1e3 : size)) + suffix;
    return value === Math.round(value) ? whole(value) : trimmed(value);
  }
  const iso = (day) => new Date(day * dayLength).toISOString().slice(0, 10);
  const weekday = (day) => (((day + 3) % 7) + 7) % 7;
  const escaped = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

  // Axes: as ChartFrame.
  function valueTicks(largest, count) {
    if (!(largest > 0)) return [0, 1];
    let power = 1;
    while (power * 10 <= largest / count) power *= 10;
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= largest / count);
    return Array.from({ length: Math.max(1, Math.ceil(largest / step)) + 1 }, (_, i) => i * step);
  }

  function frame(width, height, first, last, largest) {
    const ticks = valueTicks(largest, height < 240 ? 3 : 5);
    const left = 12 + 7 * Math.max(...ticks.map((t) => compact(t).length)), right = 12, top = 26, bottom = 26;
    const x = (day) => left + (day - first + 0.5) / (last - first + 1) * (width - left - right);
    const y = (value) => height - bottom - value / ticks[ticks.length - 1] * (height - top - bottom);
    return { width, height, first, last, ticks, left, right, top, bottom, x, y };
  }

  function dateTicks(f) {
    const pixels = (f.width - f.left - f.right) / (f.last - f.first + 1), ticks = [];
    for (const weeks of [1, 2]) {
      if (7 * weeks * pixels < 50) continue;
      for (let day = f.first; day <= f.last; day++) {
        const date = new Date(day * dayLength);
        if (weekday(day) === 0 && Math.floor((day + 3) / 7) % weeks === 0)
          ticks.push([day, `${date.getUTCDate()} ${months[date.getUTCMonth()]}`]);
      }
      return ticks;
    }
    const step = [1, 2, 3, 6, 12, 24, 60, 120].find((s) => s * 30.4 * pixels >= 64) || 240;
    const start = new Date(f.first * dayLength);
    for (let month = start.getUTCFullYear() * 12 + start.getUTCMonth(); ; month++) {
      const day = Date.UTC(Math.floor(month / 12), month % 12, 1) / dayLength;
      if (day > f.last) return ticks;
      if (day < f.first || month % step) continue;
      const year = Math.floor(month / 12), name = months[month % 12];
      ticks.push([day, step >= 12 ? `${year}` : !ticks.length || month % 12 === 0 ? `${name} ${year}` : name]);
    }
  }

  function axes(f, unit) {
    let svg = "";
    for (const tick of f.ticks) {
      const at = trimmed(f.y(tick));
      svg += `<line class="grid" x1="${trimmed(f.left)}" x2="${trimmed(f.width - f.right)}" y1="${at}" y2="${at}"/>`;
      svg += `<text class="tick end" x="${trimmed(f.left - 6)}" y="${trimmed(f.y(tick) + 4)}">${compact(tick)}</text>`;
    }
    for (const [day, label] of dateTicks(f)) {
      const at = f.x(day - 0.5), base = f.height - f.bottom, half = label.length * 3.4;
      svg += `<line class="mark" x1="${trimmed(at)}" x2="${trimmed(at)}"`;
      svg += ` y1="${trimmed(base)}" y2="${trimmed(base + 5)}"/>`;
      if (at + half > f.width) continue;
      svg += `<text class="tick middle" x="${trimmed(Math.max(at, half))}" y="${trimmed(f.height - 6)}">${label}</text>`;
    }
    return svg + `<text class="unit" x="0" y="13">${escaped(unit)}</text>`;
  }

  function line(f, values, start, every = 1) {
    let path = "", open = false;
    values.forEach((value, index) => {
      if (value === null) { open = false; return; }
      const at = `${trimmed(f.x(start + index * every))} ${trimmed(f.y(value))}`;
      path += open ? `L${at}` : `M${at}h0`;
      open = true;
    });
    return path;
  }

  function band(f, lower, upper, start) {
    const edge = (values) => values.flatMap((value, index) => {
      const day = start + index, days = [day];
      if (index === 0) days.unshift(day - 0.4);
      if (index === values.length - 1) days.push(day + 0.4);
      return days.map((d) => `${trimmed(f.x(d))} ${trimmed(f.y(value))}`);
    });
    return `M${edge(upper).concat(edge(lower).reverse()).join("L")}Z`;
  }

  const largest = (values) => values.reduce((most, value) => Math.max(most, value || 0), 0);
  const opening = (width, height, label) =>
    `<svg role="img" viewBox="0 0 ${width} ${height}" aria-label="${escaped(label)}"><title>${escaped(label)}</title>`;

  // Charts: as SVGChart.
  function forecastChart(node, width, height, historyDays) {
    const past = node.daily.slice(-historyDays), ahead = data.origin + 1;
    const start = data.origin - past.length + 1, end = data.origin + Math.max(1, node.days.length);
    const f = frame(width, height, Math.min(start, ahead), end,
      Math.max(largest(past), largest(node.days.map((q) => q[6]))));
    const split = f.x(data.origin + 0.5), base = height - f.bottom, median = node.days.map((q) => q[3]);
    let svg = opening(width, height, `${node.name}: sales and forecast. ${summary(node)}`);
    svg += `<rect class="ahead" x="${trimmed(split)}" y="20" width="${trimmed(width - f.right - split)}"`;
    svg += ` height="${trimmed(base - 20)}"/>${axes(f, `${data.unit} per day`)}`;
    const edge = (probability) => node.days.map((q) => q[probability]);
    if (node.days.length)
      for (const [style, lower, upper] of [["b95", 0, 6], ["b80", 1, 5], ["b50", 2, 4]])
        svg += `<path class="${style}" d="${band(f, edge(lower), edge(upper), ahead)}"/>`;
    svg += `<path class="sold" d="${line(f, past, start)}"/>`;
    svg += `<path class="halo" d="${line(f, median, ahead)}"/><path class="median" d="${line(f, median, ahead)}"/>`;
    svg += `<line class="split" x1="${trimmed(split)}" x2="${trimmed(split)}" y1="6" y2="${trimmed(base)}"/>`;
    // Where the days ahead are too narrow for the word, it ends with them, and the other makes room.
    if (width - f.right - split < 64) {
      svg += `<text class="side" x="${trimmed(f.left)}" y="13">sold</text>`;
      svg += `<text class="side end" x="${trimmed(width - 2)}" y="13">forecast</text>`;
    } else {
      svg += `<text class="side end" x="${trimmed(split - 6)}" y="13">sold</text>`;
      svg += `<text class="side" x="${trimmed(split + 6)}" y="13">forecast</text>`;
    }
    svg += `<line class="cursor" y1="20" y2="${trimmed(base)}" visibility="hidden"/></svg>`;
    return { svg, frame: f };
  }

  function weeklyChart(node, width, height) {
    const start = data.origin - 7 * node.weekly.length + 1;
    const f = frame(width, height, start, data.origin, largest(node.weekly));
    return opening(width, height, `${node.name}: weekly sales`) + axes(f, `${data.unit} per week`) +
      `<path class="sold" d="${line(f, node.weekly, start + 3, 7)}"/></svg>`;
  }

  function summary(node) {
    const days = node.days.length === 1 ? "one day" : `${node.days.length} days`;
    return `Expected over ${days}: ${amount(node.mean)} ${data.unit}, ` +
      `80% interval ${whole(node.total[1])} to ${whole(node.total[5])}.`;
  }

  // The chosen node.
  let shown = null, plot = null;

  function draw() {
    const width = Math.max(260, Math.floor(byId("chart").clientWidth)), narrow = width < narrowWidth;
    plot = forecastChart(shown, width, narrow ? 300 : 380, Number(byId("span").value));
    byId("chart").innerHTML = plot.svg;
    byId("weekly").hidden = shown.weekly.length < 8;
    if (shown.weekly.length >= 8) byId("weekly-chart").innerHTML = weeklyChart(shown, width, narrow ? 160 : 170);
  }

  function show(index) {
    shown = decode(data.nodes[index]);
    byId("chart-title").textContent = shown.name;
    byId("chart-summary").textContent = summary(shown);
    byId("readout").textContent = "";
    byId("rows").innerHTML = shown.days.map((q, offset) => {
      const day = data.origin + 1 + offset;
      return `<tr><th scope="row">${iso(day)} <span>${weekdays[weekday(day)]}</span></th><td>${whole(q[3])}</td>` +
        `<td>${range(q, 2, 4)}</td><td>${range(q, 1, 5)}</td><td>${range(q, 0, 6)}</td></tr>`;
    }).join("");
    draw();
    document.documentElement.dataset.shown = pathOf(data.nodes[index]);
  }

  function readOut(event) {
    const box = byId("chart").getBoundingClientRect(), f = plot.frame;
    const at = (event.clientX - box.left) / box.width * f.width;
    const day = Math.floor(f.first + (at - f.left) / (f.width - f.left - f.right) * (f.last - f.first + 1));
    const cursor = byId("chart").querySelector(".cursor");
    if (day < f.first || day > f.last) return;
    cursor.setAttribute("x1", f.x(day));
    cursor.setAttribute("x2", f.x(day));
    cursor.setAttribute("visibility", "visible");
    const when = `${weekdays[weekday(day)]} ${iso(day)}: `;
    const q = shown.days[day - data.origin - 1], sold = shown.daily[shown.daily.length - 1 + day - data.origin];
    byId("readout").textContent = when + (q
      ? `median ${whole(q[3])}, 50% ${range(q, 2, 4)}, 80% ${range(q, 1, 5)}, 95% ${range(q, 0, 6)}`
      : sold === null || sold === undefined ? "closed or not known" : `sold ${whole(sold)}`);
  }

  // Levels, search and the page's address.
  const levelOf = (node) => levelsOf(node).join(":");
  const namesOf = (node) => [data.products[node[0]].names[node[1]], data.locations[node[2]].names[node[3]]];
  const levelsOf = (node) => [data.products[node[0]].level, data.locations[node[2]].level];
  const pathOf = (node) =>
    `${levelsOf(node).map(encodeURIComponent).join(":")}/${namesOf(node).map(encodeURIComponent).join("/")}`;

  function option(value, text) {
    const it = document.createElement("option");
    it.value = value;
    it.textContent = text;
    return it;
  }

  function fillChoice(selected) {
    const level = byId("level").value, wanted = byId("search").value.trim().toLowerCase().split(/\s+/);
    const matching = [];
    data.nodes.forEach((node, index) => {
      if (levelOf(node) !== level) return;
      const text = namesOf(node).join(", "), lower = text.toLowerCase();
      if (wanted.every((part) => lower.includes(part))) matching.push([index, text]);
    });
    const entries = matching.slice(0, listed);
    const chosen = matching.find(([index]) => index === selected);
    if (chosen && !entries.includes(chosen)) entries.unshift(chosen);
    byId("choice").replaceChildren(...entries.map(([index, text]) => option(index, text)));
    if (chosen) byId("choice").value = selected;
    byId("status").textContent = matching.length === 0 ? "Nothing of this level has such a name in this page." +
      (data.leftOut ? ` ${whole(data.leftOut)} products that sell less are in the exported CSV only.` : "")
      : matching.length <= listed ? ""
        : `${whole(matching.length)} match; the first ${listed} are listed. Search to narrow.`;
    return chosen ? selected : matching.length ? matching[0][0] : null;
  }

  function choose(index) {
    if (index === null) return;
    show(index);
    history.replaceState(null, "", `#node=${pathOf(data.nodes[index])}`);
  }

  // Shows the node that the address names; false if it names none.
  function followAddress(scroll) {
    if (!location.hash.startsWith("#node=")) return false;
    let wanted;
    try { wanted = location.hash.slice(6).split(/[/:]/).map(decodeURIComponent).join("\0"); } catch { return false; }
    const index = data.nodes.findIndex((node) =>
      [...levelsOf(node), ...namesOf(node)].join("\0") === wanted);
    if (index < 0) {
      byId("status").textContent = "The node in this page's address is not in this page; the exported CSV may have it.";
      return false;
    }
    byId("level").value = levelOf(data.nodes[index]);
    byId("search").value = "";
    fillChoice(index);
    show(index);
    if (scroll) byId("explore").scrollIntoView();
    return true;
  }

  function start() {
    const levels = new Map();
    for (const node of data.nodes) levels.set(levelOf(node), (levels.get(levelOf(node)) || 0) + 1);
    byId("level").append(...[...levels].map(([level, count]) => option(level, `${level} (${whole(count)})`)));
    byId("level").addEventListener("change", () => { byId("search").value = ""; choose(fillChoice(null)); });
    byId("search").addEventListener("input", () => choose(fillChoice(null)));
    byId("choice").addEventListener("change", () => choose(Number(byId("choice").value)));
    byId("span").addEventListener("change", draw);
    document.querySelector(".controls").addEventListener("submit", (event) => event.preventDefault());
    document.querySelector(".controls").hidden = false;
    if (byId("chart").clientWidth < narrowWidth) byId("span").value = 56;
    byId("chart").addEventListener("pointermove", readOut);
    addEventListener("hashchange", () => followAddress(true));
    if (!followAddress(false)) {
      const status = byId("status").textContent, first = fillChoice(null);
      if (status) byId("status").textContent = status;
      show(first);
    }
    let width = byId("chart").clientWidth;
    addEventListener("resize", () => {
      if (byId("chart").clientWidth === width) return;
      width = byId("chart").clientWidth;
      draw();
    });
  }

  if (data.nodes.length && byId("chart")) start();
})();
