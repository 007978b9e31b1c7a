// The gallery: all public pictures, newest first.
import { frame } from "./frame.js";
import { searchable } from "./lists.js";
import { showPicture, thumbnail } from "./viewer.js";
import { $, frameIcon, h, time } from "./ui.js";

await frame();
searchable({
    form: $("#filters"), root: $("#pictures"), more: $("#more"), status: $("#status"), path: "v1/images", fields: ["q", "model", "from", "to"],
    row(image) {
        const [width, height] = image.size.split("x");
        return h("li", h("button", { type: "button", onclick: () => open(image.id) },
            h("img", { src: thumbnail(image.id), alt: "", width, height, loading: "lazy" }),
            h("span.caption", h("span.lines-2", image.prompt || "Untitled"), h("span.quiet.clip", image.model, " · ", time(image.created_at)))));
    },
    empty: (isSearch) => h("div.empty", frameIcon(), isSearch
        ? [h("h2", "Nothing fits"), h("p", "No public picture fits this search.")]
        : [h("h2", "The gallery is empty"), h("p", "Pictures that are made public appear here."), h("a.button.primary", { href: "./" }, "Make the first one")]),
});

async function open(id) {
    const window = await showPicture(id);
    const url = new URL(location);
    url.searchParams.set("image", id);
    history.replaceState(null, "", url);
    window.addEventListener("close", () => {
        const url = new URL(location);
        url.searchParams.delete("image");
        history.replaceState(null, "", url);
    });
}

const named = new URLSearchParams(location.search).get("image");
if (named) open(named);
