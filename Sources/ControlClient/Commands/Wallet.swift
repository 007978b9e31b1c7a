internal import CommandLineInterface
internal import Orchestrator

/// What the caller has and may be charged; only where the server charges credits.
struct Wallet {
    let available: Int
    let freeLeft: Int

    /// Nil in self-hosted mode.
    init?(_ api: API) throws(CommandFailure) {
        let reply = try api.reply(api.request("GET", "/v1/credits/balance"))
        // A key that may not look at credits may still make pictures.
        guard reply.status != 404, reply.status != 403 else { return nil }
        let body = try api.json(try api.checked(reply))
        available = (body["balance"]?.int ?? 0) - (body["reserved"]?.int ?? 0)
        freeLeft = body["daily_free_left"]?.int ?? 0
    }

    /// Says what the request may cost, and throws where that cannot be paid.
    func check(_ fields: JSONObject, _ api: API) throws(CommandFailure) {
        let estimate = try api.post("/v1/credits/estimate", .object(fields))
        let most = estimate["estimated_credits"]?.int ?? 0
        Console.error(
            "balance \(available) credits\(freeLeft > 0 ? ", \(freeLeft) free today" : ""); this costs at most \(most)"
        )
        // What is free today the server alone can tell.
        guard most <= available || freeLeft > 0 else {
            throw .failure(
                "not enough credits: \(most) needed, \(available) available; 'credits packs' shows what is sold"
            )
        }
    }
}
