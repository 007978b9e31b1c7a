// Lists that are searched and read page by page: gallery, history and what administrators look through.
import { call, query } from "./api.js";
import { fill, h, settled } from "./ui.js";

/** Shows a list in `root` as the fields of `form` ask for it; the address of the page keeps them. */
export function searchable({ form, root, more, path, fields, row, empty, status, cursor = (item) => item.id }) {
    const address = new URLSearchParams(location.search);
    for (const name of fields) if (address.has(name) && form.elements[name]) form.elements[name].value = address.get(name);
    let turn = 0;
    let last = null;

    async function read(isFirst) {
        const mine = ++turn;
        const values = Object.fromEntries(fields.map((name) => [name, form.elements[name]?.value.trim() ?? ""]));
        root.setAttribute("aria-busy", "true");
        more.disabled = true;
        try {
            const answer = await call("GET", path + query({ ...values, limit: 24, after: isFirst ? "" : last }));
            if (mine !== turn) return;
            if (isFirst) {
                fill(root);
                history.replaceState(null, "", location.pathname + query(values));
            }
            const first = root.children.length;
            root.append(...answer.data.map(row));
            last = answer.data.length ? cursor(answer.data.at(-1)) : last;
            more.hidden = !answer.has_more;
            const isSearch = Object.values(values).some(Boolean);
            if (!root.children.length) fill(root, h("li", empty(isSearch)));
            status.textContent = `${root.querySelector(".empty") ? "Nothing" : root.children.length} shown${answer.has_more ? ", more to come" : ""}`;
            if (!isFirst) root.children[first]?.querySelector("button, a")?.focus();
        } catch (error) {
            if (mine !== turn) return;
            fill(root, h("li", h("p.notice.bad", error.message)));
            more.hidden = true;
        } finally {
            if (mine === turn) {
                root.setAttribute("aria-busy", "false");
                more.disabled = false;
            }
        }
    }

    form.addEventListener("input", settled(300, () => read(true)));
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        read(true);
    });
    more.addEventListener("click", () => read(false));
    read(true);
    return { again: () => read(true) };
}
