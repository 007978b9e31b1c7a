internal import CommandLineInterface
private import Glibc
internal import Orchestrator

/// `orchestratorctl credits`.
enum CreditCommands {
    static let command = Command(
        "credits",
        "show your credits; history, packs, estimate and buy do more",
        commands: [
            Command(
                "history",
                "list what was done with your credits, newest first",
                options: [CommandOption("limit", short: "l", "N", .number(1...100_000), "how many (10)")]
            ) { call throws(CommandFailure) in try history(call) },
            Command("packs", "list the credits that are sold") { call throws(CommandFailure) in try packs(call) },
            Command(
                "estimate",
                "tell the most that a request may be charged",
                details: [
                    "Asks for what is not said, on a terminal; elsewhere at least --quality or --size must be said."
                ],
                options: [
                    PictureOptions.shape[0], PictureOptions.shape[1], PictureOptions.shape[3],
                    CommandOption("model", short: "m", "NAME", "which model"),
                    CommandOption("prompt", "TEXT", "the prompt"),
                    CommandOption(flag: "edit", "for an edit"),
                ]
            ) { call throws(CommandFailure) in try estimate(call) },
            Command(
                "buy",
                "buy a pack of credits",
                details: [
                    "Prints the address at which to pay by card, and waits until that is done. Exit code 0 only then."
                ],
                options: [
                    CommandOption("pack", "NAME", "which pack; see 'credits packs'"),
                    CommandOption("provider", "NAME", .choice(["stripe", "creem"]), "who takes the money (stripe)"),
                    CommandOption(flag: "no-wait", "only print the address"),
                    CommandOption("max-wait", "SECONDS", .number(1...86_400), "so long (1800)"),
                ]
            ) { call throws(CommandFailure) in try buy(call) },
        ]
    ) { call throws(CommandFailure) in try balance(call) }

    private static let low = 50

    // MARK: - Balance

    private static func balance(_ call: Invocation) throws(CommandFailure) {
        let api = try call.api()
        let balance = try api.get("/v1/credits/balance")
        let pricing = try api.get("/v1/credits/pricing")
        let credits = balance["balance"]?.int ?? 0
        call.show(balance) {
            var lines = ["balance   \(credits) credits\(worth(credits, pricing))"]
            if let reserved = balance["reserved"]?.int, reserved > 0 { lines.append("reserved  \(reserved) credits") }
            if let free = balance["daily_free_left"]?.int, free > 0 { lines.append("free      \(free) pictures today") }
            let counts = (pricing["tiers"]?.object ?? [:]).compactMap { tier -> String? in
                guard let price = tier.value.int, price > 0 else { return nil }
                return "\(max(credits, 0) / price) \(Shown.line(tier.key))"
            }
            if !counts.isEmpty { lines.append("enough for about \(counts.joined(separator: ", or ")) pictures") }
            return lines
        }
        if credits <= 0 {
            Console.error("warning: no credits are left; 'credits packs' shows what is sold")
        } else if credits < low {
            Console.error("warning: fewer than \(low) credits are left")
        }
    }

    private static func worth(_ credits: Int, _ pricing: JSON) -> String {
        guard let credit = try? MicroUSD(decimal: pricing["credit_usd"]?.string ?? ""),
            let worth = credit.multiplied(by: credits)
        else { return "" }
        return " ($\(worth))"
    }

    // MARK: - History

    private static func history(_ call: Invocation) throws(CommandFailure) {
        let (api, limit) = (try call.api(), call.number("limit") ?? 10)
        // The same size for all pages, or their borders would not meet.
        let size = min(limit, 100)
        var (rows, page) = ([JSON](), 1)
        while rows.count < limit {
            let answer = try api.get("/v1/credits/transactions", [("page", "\(page)"), ("per_page", "\(size)")])
            let found = answer.list("transactions")
            rows += found
            guard found.count == size else { break }
            page += 1
        }
        let shown = Array(rows.prefix(limit))
        call.show(["transactions": .array(shown)]) {
            let lines = shown.map { row in
                [
                    String(row.shown("created_at").prefix(16)), row.shown("type"), signed(row["amount"]?.int ?? 0),
                    row.shown("balance_after"), Shown.line(row["description"]?.string ?? "", atMost: 50),
                ]
            }
            return lines.isEmpty
                ? ["nothing yet"] : TextTable.lines([["DATE", "TYPE", "AMOUNT", "BALANCE", "DESCRIPTION"]] + lines)
        }
    }

    private static func signed(_ amount: Int) -> String { amount > 0 ? "+\(amount)" : "\(amount)" }

    // MARK: - Packs

    private static func packs(_ call: Invocation) throws(CommandFailure) {
        let answer = try call.api().get("/v1/credits/packs")
        call.show(answer) {
            let rows = answer.list("packs").map { pack -> [String] in
                let (base, bonus) = (pack["credits"]?.int ?? 0, pack["bonus_credits"]?.int ?? 0)
                let cents = pack["price_usd_cents"]?.int ?? 0
                return [
                    pack.shown("id") == "popular" ? "*" : "", pack.shown("id"), pack.shown("name"), dollars(cents),
                    "\(base)",
                    bonus > 0 ? "+\(bonus) (\(percent(bonus, of: base)))" : "", "\(base + bonus)",
                    base + bonus > 0 ? "$\(MicroUSD(micros: Int64(cents) * 10_000 / Int64(base + bonus)))" : "",
                ]
            }
            return TextTable.lines([["", "ID", "NAME", "PRICE", "CREDITS", "BONUS", "TOTAL", "A CREDIT"]] + rows)
                + ["* most popular"]
        }
    }

    private static func dollars(_ cents: Int) -> String {
        let rest = cents % 100
        return "$\(cents / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// With one place behind the point, rounded to the nearest.
    static func percent(_ part: Int, of whole: Int) -> String {
        guard whole > 0 else { return "" }
        let tenths = (part * 2000 + whole) / (2 * whole)
        return "\(tenths / 10)" + (tenths % 10 == 0 ? "" : ".\(tenths % 10)") + "%"
    }

    // MARK: - Estimate

    private static func estimate(_ call: Invocation) throws(CommandFailure) {
        let arguments = call.arguments
        var body: JSONObject = [:]
        var (quality, size, count) = (arguments["quality"], arguments["size"], arguments["n"])
        if quality == nil, size == nil, count == nil, arguments["model"] == nil {
            let instead = "say --quality, --size or -n"
            quality = try answered("quality (low, medium, high, auto) [auto]:", instead) ?? "auto"
            size = try answered("size (WxH, auto) [auto]:", instead) ?? "auto"
            count = try answered("how many [1]:", instead) ?? "1"
        }
        body["quality"] = quality.map(JSON.string)
        body["size"] = size.map(JSON.string)
        if let count {
            guard let number = Int(count), (1...10).contains(number) else { throw .misuse("-n must be from 1 to 10") }
            body["n"] = .integer(number)
        }
        body["model"] = arguments["model"].map(JSON.string)
        body["prompt"] = arguments["prompt"].map(JSON.string)
        if arguments.has("edit") { body["is_edit"] = true }
        let answer = try call.api().post("/v1/credits/estimate", .object(body))
        call.show(answer) {
            [
                "at most \(answer.shown("estimated_credits")) credits ($\(answer.shown("estimated_usd")))",
                answer.shown("note"),
            ]
        }
    }

    private static func answered(_ question: String, _ instead: String) throws(CommandFailure) -> String? {
        let line = try Terminal.ask(question, instead: instead)
        return line.isEmpty ? nil : line
    }

    // MARK: - Buying

    private static func buy(_ call: Invocation) throws(CommandFailure) {
        guard let pack = call.arguments["pack"] else { throw .misuse("say --pack NAME; 'credits packs' lists them") }
        let api = try call.api()
        let vendor = call.arguments["provider"] ?? "stripe"
        let started = try api.post(
            "/v1/credits/purchase",
            ["pack_id": .string(pack), "payment_provider": .string(vendor)],
            headers: [("Idempotency-Key", PictureOrder.newKey())]
        )
        guard let id = started["purchase_id"]?.string else { throw .failure("\(api.url) answered without a purchase") }
        let address = started.shown("checkout_url")
        if call.arguments.has("no-wait") { return call.show(started) { [address, "purchase \(id)"] } }
        Console.error("pay at \(address)")
        let progress = Progress()
        progress.say("waiting for the payment")
        defer { progress.clear() }
        let end = ContinuousClock.now + .seconds(call.number("max-wait") ?? 1800)
        var purchase = started
        while purchase["status"]?.string == "pending", ContinuousClock.now < end {
            sleep(2)
            progress.tick()
            if let now = try? api.get("/v1/credits/purchase/\(API.escaped(id))") { purchase = now }
        }
        progress.clear()
        let status = purchase.shown("status")
        guard status == "completed" else {
            if call.isJSON { Console.out(purchase.text) }
            throw .failure(status == "pending" ? "purchase \(id) is not paid yet" : "purchase \(id) is \(status)")
        }
        call.show(purchase) { ["bought \(purchase.shown("credits")) credits for $\(purchase.shown("amount_usd"))"] }
    }
}
