// The reference pictures of a request: dropped, pasted, chosen or taken from results; up to five of them.
import { paint } from "./mask.js";
import { content, thumbnail } from "./viewer.js";
import { $, fill, h, toast } from "./ui.js";

export const most = 5;
const largest = 50 * 1024 * 1024;
const types = ["image/png", "image/jpeg", "image/webp"];

/** Keeps the list that `root` shows; `changed` hears of every change. */
export function references(root, changed) {
    let list = [];
    const [drop, strip, problem, input] = [$(".drop", root), $(".strip", root), $(".problem", root), $("input[type=file]", root)];

    function say(text) {
        problem.textContent = text;
        problem.hidden = !text;
    }

    function show() {
        fill(strip, list.map((item, index) => h("li.reference", { class: item.mask ? "reference masked" : "reference" },
            h("img", { src: item.preview, alt: item.name }),
            index === 0 ? h("button.tiny", { type: "button", "aria-label": `${item.mask ? "Change the mask" : "Paint a mask"} on ${item.name}`, onclick: () => mask(item) }, item.mask ? "Masked" : "Mask") : null,
            h("button.tiny", { type: "button", "aria-label": `Remove ${item.name}`, onclick: () => remove(item) }, "Remove"))));
        changed();
    }

    async function mask(item) {
        const painted = await paint(item.id ? content(item.id) : item.preview, item.mask);
        if (painted === undefined) return;
        item.mask = painted;
        show();
        toast(painted ? "The painted part will be made anew." : "The mask is removed.");
    }

    function remove(item) {
        list = list.filter((other) => other !== item);
        if (item.blob) URL.revokeObjectURL(item.preview);
        say("");
        show();
        input.focus();
    }

    function add(items) {
        say("");
        for (const item of items) {
            if (list.length >= most) {
                say(`At most ${most} reference pictures. “${item.name}” was left out.`);
                break;
            }
            if (item.blob && !types.includes(item.blob.type)) {
                say(`“${item.name}” is not a PNG, JPEG or WebP picture.`);
                continue;
            }
            if (item.blob && item.blob.size > largest) {
                say(`“${item.name}” is larger than 50 MB.`);
                continue;
            }
            if (item.blob) item.preview = URL.createObjectURL(item.blob);
            list.push(item);
        }
        show();
    }

    const addFiles = (files) => add([...files].map((blob) => ({ blob, name: blob.name || "pasted picture" })));
    input.addEventListener("change", () => {
        addFiles(input.files);
        input.value = "";
    });
    for (const name of ["dragenter", "dragover"]) {
        drop.addEventListener(name, (event) => {
            event.preventDefault();
            drop.classList.add("over");
        });
    }
    for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
        event.preventDefault();
        addFiles(event.dataTransfer.files);
    });
    document.addEventListener("paste", (event) => {
        const files = [...(event.clipboardData?.files ?? [])];
        if (!files.length || document.querySelector("dialog[open]")) return;
        event.preventDefault();
        addFiles(files);
    });

    return {
        get items() { return list; },
        addStored(id) { add([{ id, name: "a stored picture", preview: thumbnail(id) }]); },
        replace(items) {
            list = [];
            add(items);
        },
    };
}
