// What every page has at its top: who is signed in, and where administrators go.
import { facts } from "./api.js";
import { $, fill, h } from "./ui.js";

/** Reads who we are, and shows it; each page waits for this first. */
export async function frame() {
    const server = await facts();
    const { user } = server;
    const page = location.pathname.split("/").pop();
    if (user?.is_admin) $("#admin-link").hidden = false;
    fill($("#who"), user && !user.is_visitor
        ? [h("a.name", { href: "signin", title: "Your account" }, user.email)]
        : page === "signin" ? [] : [user ? h("span", "Visitor") : null, h("a.button.tiny", { href: `signin?next=${encodeURIComponent(page || "./")}` }, "Sign in")]);
    return server;
}

/** In place of a page's content where one has to sign in first. */
export function signInFirst(element, why) {
    const page = location.pathname.split("/").pop() || "./";
    fill(element, h("div.empty", h("h2", "Sign in first"), h("p", why), h("a.button.primary", { href: `signin?next=${encodeURIComponent(page + location.search)}` }, "Sign in")));
}
