// What administrators watch: money against caps, vendors, errors, the registry, users, the audit trail.
import { call, query } from "./api.js";
import { frame } from "./frame.js";
import { bars, columns } from "./plot.js";
import { $, busy, dollars, fill, h, plural, seconds, settled, time, toast } from "./ui.js";

const server = await frame();
const pause = 5000;
const days = 14;
const isOfficial = server.mode === "official";

function lastDays() {
    return Array.from({ length: days }, (_, i) => new Date(Date.now() - (days - 1 - i) * 86400000).toISOString().slice(0, 10));
}

const round = (value) => `$${value >= 100 ? Math.round(value) : value >= 1 || value === 0 ? value.toFixed(2) : Number(value.toPrecision(2))}`;

// MARK: - What changes by itself

async function watch() {
    for (;;) {
        try {
            await refresh();
            $("#trouble").hidden = true;
        } catch (error) {
            $("#trouble").textContent = `The figures are not up to date: ${error.message}`;
            $("#trouble").hidden = false;
            if (error.status === 401 || error.status === 403) return;
        }
        $("#as-of").textContent = `as of ${new Date().toLocaleTimeString()}`;
        document.body.dataset.refreshed = String(Number(document.body.dataset.refreshed ?? 0) + 1);
        await new Promise((done) => setTimeout(done, pause));
        while (document.hidden) await new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));
    }
}

async function refresh() {
    const dates = lastDays();
    const [today] = dates.slice(-1);
    const [providers, registry, system, byDay, byTier, attempts, now] = await Promise.all([
        call("GET", "v1/admin/providers"), call("GET", "v1/admin/registry"), call("GET", `v1/usage/system?from=${today}`),
        call("GET", `v1/usage/providers?group_by=provider,day&from=${dates[0]}`), call("GET", `v1/usage/providers?group_by=model,tier&from=${dates[0]}`),
        outcomes(), call("GET", `v1/usage/providers?group_by=provider&from=${today}`),
    ]);
    figures(system.overall_stats, now.data);
    spending(providers, byDay.data, byTier.data, dates);
    vendors(providers, attempts);
    inForce(registry, providers);
}

/** Attempts by vendor and outcome since the daemon started, from its metrics. */
async function outcomes() {
    const response = await fetch("metrics");
    const found = {};
    if (!response.ok) return found;
    for (const [, provider, outcome, count] of (await response.text()).matchAll(/^orchestrator_attempts_total\{provider="([^"]*)",outcome="([^"]*)"\} (\d+)$/gm)) {
        found[provider] ??= { ok: 0, other: {} };
        if (outcome === "ok") found[provider].ok += Number(count);
        else found[provider].other[outcome] = Number(count);
    }
    return found;
}

function figures(stats, spent) {
    const cost = spent.reduce((sum, row) => sum + Number(row.cost_usd) + Number(row.unresolved_usd), 0);
    const card = (name, value, note) => h("div.card", h("p.quiet.small", name), h("p.big", value), h("p.small.quiet", note));
    fill($("#figures"),
        card("Vendors took today", round(cost), `for ${plural(stats.total_images, "picture")}`),
        card("Requests today", stats.total_requests.toLocaleString("en-US"), `${plural(stats.failed_requests, "failure")}`),
        card("Error rate today", `${Math.round(stats.error_rate * 10) / 10} %`, "of requests that ended"),
        card("A request takes", stats.total_requests ? seconds(stats.avg_response_time) : "–", "on average, today"),
        card("Users", stats.total_users.toLocaleString("en-US"), `${stats.active_users} active today`));
}

function spending(providers, byDay, byTier, dates) {
    const caps = providers.data.filter((p) => p.enabled !== "false");
    fill($("#caps"), h("div.scroll", { tabIndex: 0, role: "region", "aria-label": "Spend today against caps" }, h("table", h("thead", h("tr", h("th", "Vendor"), h("th.number", "Today"), h("th.number", "Cap"), h("th", "Used"))), h("tbody", caps.map((p) => {
        const cap = Number(p.spend_per_day_usd ?? 0);
        const used = cap > 0 ? Math.min(Number(p.spent_today_usd) / cap, 1) : null;
        return h("tr", h("td", p.id), h("td.number", dollars(p.spent_today_usd)), h("td.number", p.spend_per_day_usd ? dollars(p.spend_per_day_usd) : "none"),
            h("td", used === null ? h("span.quiet", "–") : h("div.row.nowrap", h("progress", { max: 1, value: used, "aria-label": `${p.id}: part of the cap that is spent` }), h("span.small.figure", `${Math.round(used * 100)} %`))));
    })))));
    const names = [...new Set(byDay.map((row) => row.provider))];
    const series = names.map((name) => [name, dates.map((day) => byDay.filter((row) => row.provider === name && row.day === day).reduce((sum, row) => sum + Number(row.cost_usd), 0))]);
    fill($("#by-day"), series.length ? columns("Cost by day and vendor", dates, series, round) : h("p.quiet", "No vendor was paid in the last two weeks."));
    const tiers = byTier.map((row) => [`${row.model} · ${row.tier}`, Number(row.cost_usd), `${round(Number(row.cost_usd))}, ${plural(row.images, "picture")}`]).sort((a, b) => b[1] - a[1]).slice(0, 10);
    fill($("#by-tier"), tiers.length ? bars("Cost by model and quality", tiers) : h("p.quiet", "Nothing was made in the last two weeks."));
}

function vendors(providers, attempts) {
    const rows = providers.data.flatMap((p) => p.models.map((m) => ({ p, m })));
    const latencies = rows.filter(({ m }) => m.latency_ms).map(({ p, m }) => [`${p.id}/${m.id}`, m.latency_ms, seconds(m.latency_ms)]).sort((a, b) => a[1] - b[1]).slice(0, 12);
    fill($("#latency"), latencies.length ? bars("Time to a picture", latencies) : h("p.quiet", "No vendor has answered since the start."));
    fill($("#errors"), h("div.scroll", { tabIndex: 0, role: "region", "aria-label": "Errors by vendor" }, h("table", h("thead", h("tr", h("th", "Vendor"), h("th.number", "Calls"), h("th.number", "Failed"), h("th", "Why"))),
        h("tbody", Object.keys(attempts).length ? Object.entries(attempts).map(([id, { ok, other }]) => {
            const failed = Object.values(other).reduce((sum, count) => sum + count, 0);
            return h("tr", h("td", id), h("td.number", ok + failed), h("td.number", `${Math.round((100 * failed) / Math.max(ok + failed, 1))} %`), h("td.small", Object.entries(other).map(([name, count]) => `${name.replaceAll("_", " ")} ${count}`).join(", ") || "–"));
        }) : h("tr", h("td.quiet", { colSpan: 4 }, "No calls since the start.")))) ));
    const states = { closed: ["good", "serving"], open: ["bad", "resting"], half_open: ["warn", "trying again"] };
    fill($("#breakers"), h("div.scroll", { tabIndex: 0, role: "region", "aria-label": "Vendors and their models" }, h("table", h("thead", h("tr", h("th", "Model"), h("th", "State"), h("th.number", "Failures in a row"), h("th.number", "Calls now"))),
        h("tbody", rows.map(({ p, m }) => {
            const [kind, word] = p.enabled === "false" ? ["", "switched off"] : (states[m.breaker] ?? ["warn", m.breaker.replaceAll("_", " ")]);
            return h("tr", h("td", `${p.id}/${m.id}`), h("td", h("span.tag", { class: `tag ${kind}` }, word)), h("td.number", m.failures_in_a_row), h("td.number", `${p.in_flight} of ${p.max_in_flight}`));
        })))));
}

function inForce(registry, providers) {
    fill($("#registry"),
        registry.errors.length ? h("div.notice.bad.stack.tight", h("p.strong", "The file has mistakes; the registry from before keeps serving."), h("ul.small.mono", registry.errors.map((line) => h("li", line)))) : h("p.notice.good", "The file is sound and in force."),
        h("dl.facts", h("dt", "File"), h("dd", registry.file), h("dt", "Loaded"), h("dd", time(registry.loaded)), h("dt", "Policy"), h("dd", registry.policy), h("dt", "Vendors"), h("dd", registry.providers.map((p) => p.id).join(", ") || "none"),
            providers.left_out.length ? [h("dt", "Left out"), h("dd", providers.left_out.map((row) => `${row.id} (${row.missing} is not set)`).join(", "))] : null),
        registry.warnings.length ? h("details", h("summary", plural(registry.warnings.length, "warning")), h("ul.small.mono", registry.warnings.map((line) => h("li", line)))) : null);
}

// MARK: - Users and credits

let usersTurn = 0;
async function users() {
    const turn = ++usersTurn;
    const { data, has_more } = await call("GET", "v1/admin/users" + query({ search: $("#user-search").value.trim(), limit: 20 }));
    if (turn !== usersTurn) return;
    fill($("#users"), data.length ? data.map((user) => h("tr", h("td", user.email, user.is_admin ? [" ", h("span.tag.busy", "admin")] : null), h("td", h("code.small", user.id)), h("td", time(user.created)),
        h("td", h("div.row.nowrap", isOfficial ? h("button.tiny", { type: "button", "aria-label": `Choose ${user.email} for an adjustment`, onclick: () => choose(user) }, "Credits") : null,
            user.id === server.user.id || user.email === "studio@localhost" ? null : h("button.tiny", { type: "button", "aria-label": `${user.is_admin ? "Take the rights of" : "Make an administrator of"} ${user.email}`, onclick: (event) => grant(user, event.currentTarget) }, user.is_admin ? "Revoke" : "Make admin")))))
        : h("tr", h("td.quiet", { colSpan: 4 }, "No user fits.")));
    $("#users-more").hidden = !has_more;
}

function choose(user) {
    $("#adjust-user").value = user.id;
    $("#adjust-amount").focus();
}

async function grant(user, button) {
    if (!confirm(user.is_admin ? `Take the administrator's rights of ${user.email}?` : `Make ${user.email} an administrator?`)) return;
    await busy(button, async () => {
        await call("POST", "v1/admin/grant", { user_id: user.id, is_admin: !user.is_admin });
        toast(user.is_admin ? "No administrator any more." : "An administrator now.");
        await Promise.all([users(), audit()]);
    });
}

function adjusting() {
    const form = $("#adjust");
    form.hidden = !isOfficial;
    $("#no-credits").hidden = isOfficial;
    let mark = crypto.randomUUID();
    form.addEventListener("input", () => (mark = crypto.randomUUID()));
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        busy($("#adjust-do"), async () => {
            const answer = await call("POST", "v1/admin/credits/adjust", { user_id: $("#adjust-user").value.trim(), amount: Number($("#adjust-amount").value), reason: $("#adjust-reason").value.trim() || undefined }, { "Idempotency-Key": mark });
            toast(`Moved ${plural(answer.adjustment, "credit")}; the balance is ${answer.new_balance}.`);
            $("#adjust-amount").value = $("#adjust-reason").value = "";
            mark = crypto.randomUUID();
            await audit();
        }, $("#adjust-problem"));
    });
}

async function audit() {
    const { data } = await call("GET", "v1/admin/audit?limit=15");
    fill($("#audit"), data.length ? data.map((entry) => h("tr", h("td", time(entry.at)), h("td", entry.action), h("td", h("code.small", entry.subject)), h("td", h("code.small", entry.actor ?? "the operator")))) : h("tr", h("td.quiet", { colSpan: 4 }, "Nothing yet.")));
}

$("#user-search").addEventListener("input", settled(300, users));
$("#reload").addEventListener("click", (event) => busy(event.currentTarget, async () => {
    try {
        await call("POST", "v1/admin/reload", {});
        toast("The file is loaded.");
    } finally {
        await Promise.all([refresh(), audit()]);
    }
}));
adjusting();
await Promise.all([users(), audit()]).catch((error) => toast(error.message));
watch();
