// Plots as SVG: stacked columns by day, bars by name. Each has a text for who cannot see it.
import { h, s } from "./ui.js";

const most = 6;

/** A round number at or above `value`: 1, 2, 2.5 or 5 times a power of ten. */
function roundUp(value) {
    if (value <= 0) return 1;
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value * 0.999);
}

/** Stacked columns: `days` along the axis, `series` as `[name, values]`, values as numbers, `say` puts one into words. */
export function columns(title, days, series, say) {
    const [width, height, left, bottom, top] = [720, 240, 56, 26, 12];
    const shown = series.length > most ? [...series.slice(0, most - 1), ["others", days.map((_, i) => series.slice(most - 1).reduce((sum, [, values]) => sum + values[i], 0))]] : series;
    const totals = days.map((_, i) => shown.reduce((sum, [, values]) => sum + values[i], 0));
    const ceiling = roundUp(Math.max(...totals, 0));
    const y = (value) => top + (height - top - bottom) * (1 - value / ceiling);
    const step = (width - left) / Math.max(days.length, 1);
    const plot = s("svg", { class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}: ${days.map((day, i) => `${day} ${say(totals[i])}`).slice(-7).join(", ")}` });
    for (const part of [0, 0.5, 1]) {
        const at = y(ceiling * part);
        plot.append(s("line", { class: "axis", x1: left, x2: width, y1: at, y2: at }), s("text", { x: left - 8, y: at + 4, "text-anchor": "end" }, say(ceiling * part)));
    }
    days.forEach((day, i) => {
        let base = 0;
        shown.forEach(([name, values], index) => {
            if (!values[i]) return;
            const [from, to] = [y(base), y(base + values[i])];
            const bar = s("rect", { class: `s${index}`, x: left + i * step + step * 0.14, y: to, width: Math.min(step * 0.72, 46), height: Math.max(from - to, 1), rx: 2 });
            bar.append(s("title", {}, `${day}, ${name}: ${say(values[i])}`));
            plot.append(bar);
            base += values[i];
        });
        if (days.length <= 8 || i % Math.ceil(days.length / 8) === 0) plot.append(s("text", { x: left + i * step + Math.min(step / 2, 30), y: height - 8, "text-anchor": "middle" }, day.slice(5)));
    });
    return h("figure.stack.tight", plot, h("figcaption.legend", shown.map(([name], index) => h("span", dot(index), name))));
}

function dot(index) {
    const mark = s("svg", { viewBox: "0 0 11 11", class: "plot", "aria-hidden": "true" }, s("rect", { class: `s${index}`, width: 11, height: 11, rx: 3 }));
    mark.classList.remove("plot");
    const box = s("svg", { viewBox: "0 0 11 11", "aria-hidden": "true" });
    box.append(...mark.childNodes);
    box.setAttribute("class", "plot");
    return box;
}

/** Horizontal bars: `rows` as `[name, value, words]`, of `full` at most where that is known. */
export function bars(title, rows, full) {
    const [width, line, left] = [720, 34, 200];
    const ceiling = full ?? Math.max(...rows.map(([, value]) => value), 0);
    const plot = s("svg", { class: "plot", viewBox: `0 0 ${width} ${Math.max(rows.length, 1) * line}`, role: "img", "aria-label": `${title}: ${rows.map(([name, , words]) => `${name} ${words}`).join(", ")}` });
    rows.forEach(([name, value, words], i) => {
        const length = ceiling > 0 ? Math.min(value / ceiling, 1) * (width - left - 150) : 0;
        const short = name.length > 27 ? `…${name.slice(-26)}` : name;
        plot.append(s("text", { x: 0, y: i * line + 21 }, short), s("rect", { class: "s0", x: left, y: i * line + 8, width: Math.max(length, 2), height: 18, rx: 4 }), s("text", { x: left + Math.max(length, 2) + 9, y: i * line + 21 }, words));
    });
    return h("figure", plot);
}
