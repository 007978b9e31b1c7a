// Small means that all pages share: elements, words for numbers and times, messages.

/** Makes an element: h("p.quiet", {id: "x", onclick: f}, "text", child). Texts are never read as HTML. */
export function h(tag, ...rest) {
    const [name, ...classes] = tag.split(".");
    const element = document.createElement(name);
    if (classes.length) element.className = classes.join(" ");
    const attributes = isAttributes(rest[0]) ? rest.shift() : {};
    for (const [key, value] of Object.entries(attributes)) {
        if (value === undefined || value === null || value === false) continue;
        if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
        else if (key in element && typeof value !== "string") element[key] = value;
        else element.setAttribute(key, value === true ? "" : value);
    }
    element.append(...rest.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return element;
}

function isAttributes(value) {
    return value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;
}

export const $ = (selector, root = document) => root.querySelector(selector);

export function fill(element, ...children) {
    element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
}

/** An SVG element; plots and icons are made of them. */
export function s(name, attributes = {}, ...children) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
}

export function frameIcon() {
    return s("svg", { viewBox: "0 0 48 48", fill: "none", stroke: "currentColor", "stroke-width": "2", "aria-hidden": "true" },
        s("rect", { x: 5, y: 8, width: 38, height: 32, rx: 6 }), s("path", { d: "m6 34 11-12 9 9 6-6 10 9" }), s("circle", { cx: 33, cy: 17, r: 3.5 }));
}

/** Shown for a moment, and read out. */
export function toast(text) {
    const line = h("div.toast", text);
    const all = document.getElementById("toasts");
    all.append(line);
    while (all.children.length > 2) all.firstChild.remove();
    setTimeout(() => line.remove(), 6000);
}

export function plural(count, one, many = one + "s") {
    return `${Number(count).toLocaleString("en-US")} ${Number(count) === 1 ? one : many}`;
}

/** Dollars as they are, with at least two places behind the point. */
export function dollars(text) {
    if (text === null || text === undefined) return "–";
    const [whole, part = ""] = String(text).split(".");
    return `$${Number(whole).toLocaleString("en-US")}.${part.padEnd(2, "0")}`;
}

export function seconds(milliseconds) {
    if (milliseconds < 950) return `${Math.round(milliseconds)} ms`;
    const value = milliseconds / 1000;
    return value < 10 ? `${value.toFixed(1).replace(".0", "")} s` : value < 90 ? `${Math.round(value)} s` : `${Math.round(value / 60)} min`;
}

export function moment(text) {
    return new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

export function ago(text) {
    const passed = (Date.now() - new Date(text)) / 1000;
    if (passed < 45) return "just now";
    if (passed < 3600) return `${Math.max(1, Math.round(passed / 60))} min ago`;
    if (passed < 86400) return plural(Math.round(passed / 3600), "hour") + " ago";
    if (passed < 7 * 86400) return plural(Math.round(passed / 86400), "day") + " ago";
    return moment(text);
}

export function time(text) {
    return h("time", { datetime: text, title: moment(text) }, ago(text));
}

/** The last call of a burst, once it is quiet. */
export function settled(wait, body) {
    let timer;
    return (...values) => {
        clearTimeout(timer);
        timer = setTimeout(() => body(...values), wait);
    };
}

export function sentence(text) {
    const trimmed = (text ?? "").trim();
    if (!trimmed) return "Something went wrong.";
    const capital = trimmed[0].toUpperCase() + trimmed.slice(1);
    return /[.!?]$/.test(capital) ? capital : capital + ".";
}

/** A window with a heading and a button to close it; what had the focus gets it back. */
export function dialog(title, ...content) {
    const heading = h("h2", { id: `window-${Math.random().toString(36).slice(2)}` }, title);
    const element = h("dialog", { "aria-labelledby": heading.id },
        h("div.window", h("div.window-head", heading, h("button.tiny", { type: "button", "aria-label": "Close", onclick: () => element.close() }, "Close")), ...content));
    const before = document.activeElement;
    element.addEventListener("close", () => {
        element.remove();
        if (before?.isConnected) before.focus();
    });
    element.addEventListener("click", (event) => {
        if (event.target === element) element.close();
    });
    document.body.append(element);
    element.showModal();
    return element;
}

/** Runs what a button is for, with the button out of reach meanwhile, and shows what went wrong beside it. */
export async function busy(button, body, problem) {
    button.disabled = true;
    if (problem) problem.hidden = true;
    try {
        return await body();
    } catch (error) {
        if (problem) {
            problem.textContent = error.message;
            problem.hidden = false;
        } else {
            toast(error.message);
        }
        return undefined;
    } finally {
        button.disabled = false;
    }
}
