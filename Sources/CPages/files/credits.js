// Credits: what one has, what is sold, what was done with it.
import { call } from "./api.js";
import { frame, signInFirst } from "./frame.js";
import { $, busy, fill, h, moment, plural, time } from "./ui.js";

const server = await frame();
const root = $("#content");
const perPage = 60;

if (server.mode !== "official") {
    fill(root, h("div.empty", h("h2", "No credits here"), h("p", "This server is self-hosted: pictures cost what the vendors charge its owner, and nothing is bought or sold."), h("a.button.primary", { href: "./" }, "Open the studio")));
} else if (!server.user) {
    signInFirst(root, "Your credits belong to your account.");
} else {
    await show();
}

async function show() {
    try {
        // First what was bought: asking for it may be what brings the credits.
        const news = await bought();
        const [balance, pricing] = await Promise.all([call("GET", "v1/credits/balance"), call("GET", "v1/credits/pricing")]);
        const problem = h("p.notice.bad", { role: "alert", hidden: true });
        const rows = h("tbody");
        const all = h("input", { type: "checkbox" });
        const entries = [];
        const more = h("button.start", { type: "button", hidden: true }, "Show older");
        fill(root,
            news,
            h("div.tiles-figures", figure("Balance", balance.balance, balance.reserved ? `${plural(balance.reserved, "credit")} reserved for running jobs` : "credits"),
                figure("Free today", balance.daily_free_left, `of ${plural(pricing.daily_free, "picture")} at low quality`),
                prices(pricing)),
            h("section.stack", { "aria-labelledby": "packs" }, h("h2", { id: "packs" }, "Buy credits"), problem,
                server.user.is_visitor ? h("p.notice", "Sign in to buy credits: what a visitor buys would belong to everybody. ", h("a", { href: "signin?next=credits" }, "Sign in")) : null,
                h("ul.packs", pricing.packs.map((pack) => h("li.card", h("div", h("h3", pack.name), h("p.big", pack.credits.toLocaleString("en-US")), h("p.small.quiet", pack.bonus_credits ? `and ${pack.bonus_credits.toLocaleString("en-US")} on top` : "credits")),
                    h("button.primary", { type: "button", disabled: server.user.is_visitor, "aria-label": `Buy ${pack.name} for $${(pack.price_usd_cents / 100).toFixed(2)}`, onclick: (event) => buy(pack, event.currentTarget, problem) }, `$${(pack.price_usd_cents / 100).toFixed(2)}`))))),
            h("section.stack", { "aria-labelledby": "past" }, h("div.row.spread", h("h2", { id: "past" }, "History"), h("label.check.small", all, "Show reservations")),
                h("div.card.scroll", { tabIndex: 0, role: "region", "aria-labelledby": "past" }, h("table", h("thead", h("tr", h("th", "When"), h("th", "What"), h("th.number", "Credits"), h("th.number", "Balance"))), rows)), more));
        // Each job reserves first and gives back later: that matters to accountants alone.
        const list = () => {
            const shown = entries.filter((entry) => all.checked || !["reserve", "release"].includes(entry.type));
            fill(rows, shown.length ? shown.map(row) : h("tr", h("td.quiet", { colSpan: 4 }, "Nothing yet.")));
        };
        all.addEventListener("change", list);
        let page = 0;
        const next = async () => {
            page += 1;
            const { transactions } = await call("GET", `v1/credits/transactions?page=${page}&per_page=${perPage}`);
            entries.push(...transactions);
            list();
            more.hidden = transactions.length < perPage;
        };
        more.addEventListener("click", () => busy(more, next));
        await next();
    } catch (error) {
        fill(root, h("p.notice.bad", error.message));
    }
}

function figure(name, value, note) {
    return h("div.card", h("p.quiet.small", name), h("p.big", Number(value).toLocaleString("en-US")), h("p.small.quiet", note));
}

function prices(pricing) {
    const tiers = Object.entries(pricing.tiers);
    return h("div.card", h("p.quiet.small", "A picture costs"), tiers.length
        ? h("dl.facts", tiers.map(([tier, credits]) => [h("dt", tier), h("dd", plural(credits, "credit"))]))
        : h("p", `What the vendor takes, times ${pricing.markup}. The studio shows it before you create.`));
}

function row(entry) {
    return h("tr", h("td", time(entry.created_at)), h("td", entry.description, entry.reference_id?.startsWith("job_") ? [" ", h("a", { href: `history?job=${entry.reference_id}`, "aria-label": `Job of ${moment(entry.created_at)}` }, "job")] : null),
        h("td.number", entry.amount > 0 ? `+${entry.amount}` : String(entry.amount).replace("-", "−")), h("td.number", entry.balance_after));
}

async function buy(pack, button, problem) {
    await busy(button, async () => {
        const purchase = await call("POST", "v1/credits/purchase", { pack_id: pack.id }, { "Idempotency-Key": crypto.randomUUID() });
        if (!purchase.checkout_url) throw new Error("The payment service named no page to pay on. Try again later.");
        sessionStorage.setItem("purchase", purchase.purchase_id);
        location.assign(purchase.checkout_url);
    }, problem);
}

/** What became of the purchase that one comes back from. */
async function bought() {
    const id = new URLSearchParams(location.search).get("purchase_id") ?? (new URLSearchParams(location.search).has("canceled") ? null : sessionStorage.getItem("purchase"));
    if (!id) return new URLSearchParams(location.search).has("canceled") ? h("p.notice", "Nothing was bought and nothing was charged.") : null;
    try {
        const purchase = await call("GET", `v1/credits/purchase/${encodeURIComponent(id)}`);
        if (purchase.status !== "pending") sessionStorage.removeItem("purchase");
        switch (purchase.status) {
            case "completed": return h("p.notice.good", { role: "status" }, `Thank you. ${plural(purchase.credits, "credit")} were added.`);
            case "pending": return h("p.notice", { role: "status" }, "The payment is not confirmed yet. The credits are added as soon as it is; reload the page to look again.");
            case "refunded": return h("p.notice", "This purchase was refunded.");
            default: return h("p.notice.bad", { role: "alert" }, "The payment did not go through. Nothing was charged.");
        }
    } catch {
        sessionStorage.removeItem("purchase");
        return null;
    }
}
