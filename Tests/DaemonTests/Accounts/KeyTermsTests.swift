import Orchestrator
import Testing

@testable import Daemon

@Suite struct KeyTermsTests {
    private static let now = Timestamp(milliseconds: 1_795_255_200_000)

    private static func terms(_ fields: JSONObject) throws(APIError) -> KeyTerms {
        try KeyTerms(FieldReader(fields), policies: ["price"], now: now)
    }

    private static func maker(isAdmin: Bool = false, _ limit: (inout KeyRecord) -> Void = { _ in }) -> Caller {
        let user = UserRecord(id: UserID(time: now, random: (0, 0)), email: "a@b", isAdmin: isAdmin, created: now)
        var key = KeyRecord(
            id: KeyID(time: now, random: (0, 0)),
            owner: user.id,
            name: "k",
            prefix: "ork",
            hash: "h",
            created: now
        )
        limit(&key)
        return Caller(user: user, key: key)
    }

    @Test func `every field is taken over`() throws {
        let terms = try Self.terms([
            "name": "shop", "scopes": ["images:write", "jobs:read", "jobs:read"], "policy": "price",
            "expires_at": "2030-01-01T00:00:00Z", "spend_per_day": "0.25", "rate": "5/min",
        ])
        let key = terms.applied(to: try #require(Self.maker().key))
        #expect(terms.name == "shop" && key.scopes == ["images:write", "jobs:read"] && key.policy == "price")
        #expect(key.expires == Timestamp("2030-01-01T00:00:00Z") && key.spendPerDay == MicroUSD(micros: 250_000))
        #expect(key.rate == Rate(count: 5, window: .seconds(60)))
    }

    @Test(
        arguments: [
            ("scopes", []), ("scopes", ["everything"]), ("scopes", "images:write"), ("scopes", [1]),
            ("policy", "nope"), ("expires_at", "2020-01-01T00:00:00Z"), ("expires_at", "tomorrow"),
            ("spend_per_day", "-1"), ("spend_per_day", 0), ("spend_per_day", "1.0000001"), ("rate", "fast"),
            ("rate", "0/min"), ("name", 5),
        ] as [(String, JSON)]
    )
    func `a limit that cannot be kept is refused by its name`(field: String, value: JSON) {
        #expect { () throws(APIError) in try Self.terms([field: value]) } throws: { error in
            (error as? APIError).map { $0.status == 400 && $0.param == field } ?? false
        }
    }

    /// The maker's key, the wish, and what comes of it: nil is 403.
    private static let derived: [(@Sendable (inout KeyRecord) -> Void, JSONObject, (@Sendable (KeyTerms) -> Bool)?)] = [
        ({ _ in }, [:], { $0.scopes.isEmpty && $0.expires == nil && $0.spendPerDay == nil && $0.rate == nil }),
        ({ $0.scopes = ["keys", "jobs:read"] }, [:], { $0.scopes == [.keys, .jobsRead] }),
        ({ $0.scopes = ["keys", "jobs:read"] }, ["scopes": ["jobs:read"]], { $0.scopes == [.jobsRead] }),
        ({ $0.scopes = ["keys"] }, ["scopes": ["images:write"]], nil),
        ({ $0.scopes = ["keys"] }, ["scopes": ["admin"]], nil),
        ({ _ in }, ["scopes": ["admin"]], nil),
        ({ $0.spendPerDay = MicroUSD(micros: 5) }, [:], { $0.spendPerDay == MicroUSD(micros: 5) }),
        ({ $0.spendPerDay = MicroUSD(micros: 5) }, ["spend_per_day": "0.000004"], { $0.spendPerDay?.micros == 4 }),
        ({ $0.spendPerDay = MicroUSD(micros: 5) }, ["spend_per_day": "0.000006"], nil),
        ({ $0.expires = Timestamp("2030-01-01T00:00:00Z") }, [:], { $0.expires == Timestamp("2030-01-01T00:00:00Z") }),
        ({ $0.expires = Timestamp("2030-01-01T00:00:00Z") }, ["expires_at": "2030-01-01T00:00:01Z"], nil),
        ({ $0.rate = Rate("5/min") }, [:], { $0.rate == Rate("5/min") }),
        ({ $0.rate = Rate("5/min") }, ["rate": "5/hour"], { $0.rate == Rate("5/hour") }),
        ({ $0.rate = Rate("5/min") }, ["rate": "5/s"], nil),
        ({ $0.rate = Rate("5/min") }, ["rate": "10/hour"], nil),
    ]

    @Test(arguments: derived.indices)
    func `a key passes its limits on to the keys it makes`(row: Int) throws {
        let (limit, fields, isExpected) = Self.derived[row]
        var terms = try Self.terms(fields)
        do throws(APIError) {
            try terms.limit(to: Self.maker(limit))
            #expect(isExpected?(terms) == true)
        } catch {
            #expect(isExpected == nil && error.status == 403)
        }
    }

    @Test func `an administrator's key may be one only where it says so`() throws {
        var terms = try Self.terms(["scopes": ["admin"]])
        try terms.limit(to: Self.maker(isAdmin: true))
        #expect(terms.scopes == [.admin])
        let limited = Self.maker(isAdmin: true) { $0.scopes = ["keys"] }
        #expect(!limited.user.isAdmin)
        #expect(throws: APIError.self) { try terms.limit(to: limited) }
        #expect(Self.maker(isAdmin: true) { $0.scopes = ["admin"] }.user.isAdmin)
    }
}
