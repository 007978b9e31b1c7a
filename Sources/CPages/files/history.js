// One's own jobs: what was asked, what became of it, what it cost.
import { frame, signInFirst } from "./frame.js";
import { searchable } from "./lists.js";
import { reason, refund, showJob, thumbnail } from "./viewer.js";
import { $, dollars, frameIcon, h, plural, time } from "./ui.js";

const server = await frame();
if (!server.user) {
    signInFirst($("#main"), "Your jobs are kept with your account.");
} else {
    $("#content").hidden = false;
    searchable({
        form: $("#filters"), root: $("#jobs"), more: $("#more"), status: $("#status"), path: "v1/jobs", fields: ["q", "status", "model", "from", "to"], row,
        empty: (isSearch) => h("div.empty", frameIcon(), isSearch
            ? [h("h2", "Nothing fits"), h("p", "None of your jobs fits this search.")]
            : [h("h2", "No jobs yet"), h("p", "Whatever you ask for is kept here, also what failed."), h("a.button.primary", { href: "./" }, "Open the studio")]),
    });
    const named = new URLSearchParams(location.search).get("job");
    if (named) showJob(named, actions);
}

const tags = { queued: "busy", running: "busy", succeeded: "good", failed: "bad", canceled: "warn" };

function row(job) {
    const image = job.images[0];
    const prompt = job.request.prompt || "Variations";
    const failed = job.status === "failed" || job.status === "canceled";
    return h("li", { "data-job": job.id },
        h("div.thumbs", image ? h("img", { src: thumbnail(image.id), alt: "", loading: "lazy" }) : h("span.none", { "aria-hidden": "true" }, failed ? "✕" : "…")),
        h("div.stack.tight",
            h("p.lines-2", prompt),
            h("div.row.small", h("span.tag", { class: `tag ${tags[job.status]}` }, job.status), h("span.quiet", image ? `${image.provider}/${image.model} · ` : "",
                job.images.length > 1 ? `${job.images.length} pictures · ` : "", dollars(job.cost_usd), job.credits.charged ? ` · ${plural(job.credits.charged, "credit")}` : "", " · ", time(job.created))),
            failed ? h("p.small", reason(job), " ", refund(job)) : null),
        h("div.row.actions", h("button.tiny", { type: "button", "aria-label": `Details: ${prompt}`, onclick: () => showJob(job.id, actions) }, "Details"),
            h("a.button.tiny", { href: `./?repeat=${job.id}`, "aria-label": `Repeat: ${prompt}` }, "Repeat")));
}

function actions(job) {
    return [h("a.button.primary", { href: `./?repeat=${job.id}` }, "Repeat"), h("a.button", { href: `./?repeat=${job.id}&change` }, "Change and repeat")];
}
