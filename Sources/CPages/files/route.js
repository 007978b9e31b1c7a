// The route preview: who would make the pictures, why, and at what price, before anything is asked of anybody.
import { call } from "./api.js";
import { dollars, fill, h, plural, seconds } from "./ui.js";

const why = { price: "the cheapest that can do this", quality: "the best score that can do this", balanced: "the best balance of price, quality and speed", fast: "the fastest that can do this" };

/** Keeps the preview in `root`; `update(fields)` asks anew, and `current` is what was answered last. */
export function routePreview(root, billed) {
    let latest = 0;
    const preview = {
        current: null,
        async update(fields) {
            const turn = ++latest;
            root.setAttribute("aria-busy", "true");
            let plan;
            try {
                plan = await call("POST", "v1/routes/explain", fields);
            } catch (error) {
                plan = { error };
            }
            if (turn !== latest) return;
            root.setAttribute("aria-busy", "false");
            preview.current = plan.error ? null : plan;
            fill(root, plan.error ? h("p.small", plan.error.message) : shown(plan, billed));
            root.dispatchEvent(new CustomEvent("route", { bubbles: true }));
        },
    };
    return preview;
}

function shown(plan, billed) {
    const [first, ...others] = plan.candidates;
    if (!first) {
        return [h("p.strong", "No vendor can make this"), h("p.small.quiet", "Change the shape, the quality or the model. "), excluded(plan, true)];
    }
    const price = Number(first.cost_usd) === 0 ? "Free" : dollars(first.cost_usd);
    return [
        h("div.row.spread", h("span.strong.clip", `${first.provider}/${first.model}`), h("span.price.figure", price, billed ? h("span.small.quiet", ` · ${atMost(plan)}${plural(plan.credits, "credit")}`) : null)),
        h("p.small.quiet", `Chosen as ${why[plan.policy] ?? `the policy “${plan.policy}” says`}`, first.latency_ms ? `, usually within ${seconds(first.latency_ms)}` : "", `. Quality ${first.tier}.`),
        others.length || plan.excluded.length
            ? h("details", h("summary", others.length ? `${others.length} more if that one fails` : "Why no other vendor"),
                h("ol", others.map((c) => h("li", h("span", `${c.provider}/${c.model}`), h("span.figure", dollars(c.cost_usd))))), excluded(plan, false))
            : null,
    ];
}

/** The dearest of those that may have to serve is what is reserved; only where all are alike it is the price. */
export function atMost(plan) {
    return new Set(plan.candidates.map((c) => c.tier)).size > 1 ? "up to " : "";
}

function excluded(plan, open) {
    if (!plan.excluded.length) return null;
    return h("details", { open }, h("summary", `${plural(plan.excluded.length, "model")} cannot do this`), h("ol.excluded", plan.excluded.map((e) => h("li", e.reason))));
}
