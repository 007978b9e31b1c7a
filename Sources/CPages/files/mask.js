// Painting on a picture what is to be made anew: with a pointer, or with the arrow keys and the space bar.
import { dialog, h } from "./ui.js";

/** Opens the painter; resolves to a PNG whose transparent part was painted, null for no mask, undefined for no change. */
export function paint(source, earlier) {
    return new Promise((resolve) => {
        const picture = new Image();
        picture.onerror = () => resolve(undefined);
        picture.onload = () => open(picture, earlier, resolve);
        picture.src = source;
    });
}

function open(picture, earlier, resolve) {
    const [width, height] = [picture.naturalWidth, picture.naturalHeight];
    const under = h("canvas", { width, height });
    under.getContext("2d").drawImage(picture, 0, 0);
    const over = h("canvas.over", { width, height, tabIndex: 0, role: "img", "aria-label": "Painting area: arrow keys move the brush, the space bar paints, E erases" });
    const pen = over.getContext("2d");
    const size = h("input", { id: "brush", type: "range", min: "2", max: "40", value: "12" });
    const erase = h("input", { id: "erase", type: "checkbox" });
    let result;
    let last = null;
    let at = { x: width / 2, y: height / 2 };
    let past = [];
    const color = getComputedStyle(document.documentElement).getPropertyValue("--accent");
    const radius = () => (Math.min(width, height) * Number(size.value)) / 200;

    function remember() {
        past.push(pen.getImageData(0, 0, width, height));
        if (past.length > 12) past.shift();
    }

    function stroke(to) {
        pen.globalCompositeOperation = erase.checked ? "destination-out" : "source-over";
        pen.strokeStyle = pen.fillStyle = color;
        pen.lineWidth = radius() * 2;
        pen.lineCap = "round";
        pen.beginPath();
        if (last) {
            pen.moveTo(last.x, last.y);
            pen.lineTo(to.x, to.y);
            pen.stroke();
        } else {
            pen.arc(to.x, to.y, radius(), 0, 2 * Math.PI);
            pen.fill();
        }
        last = to;
    }

    function place(event) {
        const box = over.getBoundingClientRect();
        return { x: ((event.clientX - box.left) * width) / box.width, y: ((event.clientY - box.top) * height) / box.height };
    }

    over.addEventListener("pointerdown", (event) => {
        remember();
        over.setPointerCapture(event.pointerId);
        last = null;
        stroke(place(event));
    });
    over.addEventListener("pointermove", (event) => {
        if (last && event.buttons) stroke(place(event));
    });
    for (const name of ["pointerup", "pointercancel"]) over.addEventListener(name, () => (last = null));
    over.addEventListener("keydown", (event) => {
        const step = Math.max(radius() / 2, 1);
        const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
        if (moves[event.key]) {
            at = { x: Math.min(Math.max(at.x + moves[event.key][0], 0), width), y: Math.min(Math.max(at.y + moves[event.key][1], 0), height) };
            if (event.shiftKey) stroke(at);
        } else if (event.key === " ") {
            remember();
            last = null;
            stroke(at);
        } else if (event.key.toLowerCase() === "e") {
            erase.checked = !erase.checked;
        } else {
            return;
        }
        event.preventDefault();
    });

    /** The mask as vendors take it: opaque to be kept, transparent to be made anew. */
    function made() {
        const mask = h("canvas", { width, height });
        const context = mask.getContext("2d");
        const painted = pen.getImageData(0, 0, width, height);
        let any = false;
        const out = context.createImageData(width, height);
        for (let i = 3; i < painted.data.length; i += 4) {
            const hit = painted.data[i] > 127;
            any ||= hit;
            out.data[i] = hit ? 0 : 255;
        }
        context.putImageData(out, 0, 0);
        return any ? new Promise((done) => mask.toBlob(done, "image/png")) : Promise.resolve(null);
    }

    const button = (text, action, kind = "button") => h(kind, { type: "button", onclick: action }, text);
    const window = dialog("Paint what is to change",
        h("p.quiet.small", "Everything that you paint is made anew; the rest stays. By keyboard: arrow keys move the brush, space paints, shift with an arrow draws, E erases."),
        h("div.painter", under, over),
        h("div.row.spread",
            h("div.row", h("label", { for: "brush" }, "Brush"), size, h("label.check", { for: "erase" }, erase, "Erase"),
                button("Undo", () => past.length && pen.putImageData(past.pop(), 0, 0)),
                button("Clear", () => { remember(); pen.clearRect(0, 0, width, height); })),
            button("Use this mask", async () => { result = await made(); window.close(); }, "button.primary")));
    window.addEventListener("close", () => resolve(result));
    if (earlier) restore(earlier, pen, color, width, height);
    over.focus();
}

/** Shows a mask that was painted before. */
async function restore(mask, pen, color, width, height) {
    const bitmap = await createImageBitmap(mask);
    pen.fillStyle = color;
    pen.fillRect(0, 0, width, height);
    pen.globalCompositeOperation = "destination-out";
    pen.drawImage(bitmap, 0, 0);
    pen.globalCompositeOperation = "source-over";
}
