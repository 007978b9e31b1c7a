import FakeVendors
import Orchestrator
import Testing

/// What must hold once all is quiet, whatever died before: customers, jobs, pictures and vendors tell the same story.
struct Books {
    let farm: VendorFarm
    let daemon: DaemonProcess
    let customers: [Shopper]

    private static let prices = ["low": 1, "medium": 4, "high": 16]

    /// Waits until no job is under way, with leases taken over from the dead.
    func settle() async throws {
        for customer in customers {
            let client = daemon.client(key: customer.key)
            for status in ["queued", "running"] {
                while true {
                    let open = try await client.get("/v1/jobs?status=\(status)&limit=1")
                    guard let job = open.json?["data"]?[0]?["id"]?.string else { break }
                    // The stream of a job's events ends with the job.
                    _ = try await client.get("/v1/jobs/\(job)/events")
                }
            }
        }
    }

    /// Checks all jobs against `orders`, each of which must have become exactly one.
    func check(_ orders: [Order]) async throws {
        var jobs: [String: [JSON]] = [:]
        var attempts: (settled: Int64, unresolved: Int64) = (0, 0)
        for customer in customers {
            let client = daemon.client(key: customer.key)
            let own = try await allJobs(client)
            var charged = 0
            for job in own {
                charged += try await check(job, client)
                let tag = try #require(job["request"]?["prompt"]?.string)
                jobs[tag, default: []].append(job)
                for attempt in job["attempts"]?.array ?? [] {
                    if attempt["outcome"] == "unknown" {
                        attempts.unresolved += micros(attempt["cost_usd"])
                    } else {
                        attempts.settled += micros(attempt["cost_usd"])
                    }
                }
            }
            let balance = try #require(try await client.get("/v1/credits/balance").json)
            #expect(balance["reserved"] == 0, "\(balance.text)")
            #expect(balance["balance"] == .integer(customer.granted - charged), "\(balance.text), charged \(charged)")
            try await checkStatement(client, end: customer.granted - charged)
        }
        for order in orders {
            let made = jobs.removeValue(forKey: order.tag) ?? []
            #expect(made.count == 1, "\(order.tag) became \(made.count) jobs")
            if let job = made.first { checkVendors(order.tag, job) }
        }
        #expect(jobs.isEmpty, "jobs that nobody ordered: \(jobs.keys.sorted())")
        let report = try #require(
            try await daemon.client.get("/v1/usage/providers?group_by=provider").json?["data"]?.array
        )
        #expect(report.reduce(0) { $0 + micros($1["cost_usd"]) } == attempts.settled)
        #expect(report.reduce(0) { $0 + micros($1["unresolved_usd"]) } == attempts.unresolved)
        #expect(farm.invalid.isEmpty)
    }

    private func allJobs(_ client: HTTPClient) async throws -> [JSON] {
        var jobs: [JSON] = []
        while true {
            let after = jobs.last?["id"]?.string.map { "&after=\($0)" } ?? ""
            let page = try #require(try await client.get("/v1/jobs?limit=100\(after)").json)
            jobs += page["data"]?.array ?? []
            guard page["has_more"] == true else { return jobs }
        }
    }

    /// Checks one job and its pictures; what it charged.
    private func check(_ job: JSON, _ client: HTTPClient) async throws -> Int {
        let status = job["status"]?.string ?? ""
        let images = job["images"]?.array ?? []
        let reserved = job["credits"]?["reserved"]?.int ?? -1
        let charged = job["credits"]?["charged"]?.int ?? -1
        let refunded = job["credits"]?["refunded"]?.int ?? -1
        #expect(reserved == charged + refunded, "\(job.text)")
        switch status {
        case "succeeded":
            let price = Self.prices[job["request"]?["quality"]?.string ?? ""] ?? 0
            #expect(!images.isEmpty && charged == price * images.count, "\(job.text)")
        case "failed", "canceled":
            #expect(images.isEmpty && charged == 0, "\(job.text)")
        default: Issue.record("not ended: \(job.text)")
        }
        for image in images {
            let link = try #require(image["url"]?.string)
            let bytes = try await client.get(Scene.path(of: link)).body
            #expect(SHA256.hex(bytes) == image["sha256"]?.string, "a picture is lost: \(image.text)")
        }
        return charged
    }

    /// Each line follows from the one before, and the last is the balance.
    private func checkStatement(_ client: HTTPClient, end: Int) async throws {
        var lines: [JSON] = []
        while true {
            let page = try #require(
                try await client.get("/v1/credits/transactions?per_page=100&page=\(lines.count / 100 + 1)").json
            )
            let more = page["transactions"]?.array ?? []
            lines += more
            if more.count < 100 { break }
        }
        #expect(lines.first?["balance_after"] == .integer(end))
        for (newer, older) in zip(lines, lines.dropFirst()) {
            let (before, amount) = (older["balance_after"]?.int ?? 0, newer["amount"]?.int ?? 0)
            #expect(newer["balance_after"] == .integer(before + amount))
        }
    }

    /// Every charge of a vendor for this order stands in the job's attempts: to the micro-dollar where the outcome is known,
    /// else under the worst that was written down.
    private func checkVendors(_ tag: String, _ job: JSON) {
        let attempts = job["attempts"]?.array ?? []
        for (name, vendor) in [("openai", farm.openAI), ("stability", farm.stability), ("replicate", farm.replicate)]
            as [(String, any FakeVendor)]
        {
            let creates = vendor.creates.filter { $0.prompt == tag && $0.invalid == nil }
            let own = attempts.filter { $0["provider"]?.string == name }
            #expect(creates.count <= own.count, "\(tag): \(creates.count) calls at \(name): \(job.text)")
            var charges = creates.map { Int64($0.chargedMicroUSD) }.filter { $0 > 0 }
            for attempt in own where attempt["outcome"] == "ok" {
                let cost = micros(attempt["cost_usd"])
                guard let index = charges.firstIndex(of: cost) else {
                    Issue.record("\(tag): \(name) charged \(charges), the books say \(cost): \(job.text)")
                    continue
                }
                charges.remove(at: index)
            }
            let inDoubt = own.filter { ["unknown", "unusable"].contains($0["outcome"]?.string) }
                .map { micros($0["cost_usd"]) }
            #expect(charges.count <= inDoubt.count, "\(tag): \(name) charged \(charges): \(job.text)")
            #expect(charges.reduce(0, +) <= inDoubt.reduce(0, +), "\(tag): \(name) charged \(charges): \(job.text)")
        }
    }

    private func micros(_ amount: JSON?) -> Int64 {
        (try? MicroUSD(decimal: amount?.string ?? ""))?.micros ?? -1
    }
}

extension Call {
    /// The prompt, wherever the vendor has it.
    fileprivate var prompt: String? {
        if let json { return json["prompt"]?.string ?? json["input"]?["prompt"]?.string }
        return form?.parts.first { $0.name == "prompt" }?.text
    }
}
