import Orchestrator

extension SettingKeys {
    var billing: Section {
        let credits = ScalarShape.integer(1...1_000_000)
        let pack = Section([
            Key("name", .scalar(.text), "What buyers read; none: its id."),
            Key(required: "credits", .scalar(.integer(1...1_000_000_000)), "Credits bought."),
            Key("bonus", .scalar(.integer(0...1_000_000_000)), "Credits on top.", standard: 0),
            Key(required: "price", .scalar(.dollars), "Dollars, whole cents."),
            Key("product", .scalar(.identifier), "Creem's id of the product, where one exists already."),
        ])
        let flat = Table(
            noun: "tier",
            keys: .word(Tier.allCases.map(\.rawValue), noun: "tier"),
            values: .scalar(credits),
            atLeast: 1
        )
        let given = ScalarShape.integer(1...1_000_000_000)
        let welcome = Section([
            Key(required: "credits", .scalar(given), "Credits for a new user, once for each e-mail address."),
            Key("expires", milliseconds(60_000...3_650 * 86_400_000), "How long they can be used; without it, always."),
        ])
        let monthly = Section([
            Key(required: "credits", .scalar(given), "Credits for each calendar month in UTC."),
            Key("rolls_over", flag, "Whether what is unused stays when the month is over.", standard: false),
            Key("buyers_only", flag, "Whether only those get them who have bought a pack.", standard: true),
        ])
        return Section([
            Key("credit_usd", .scalar(.dollars), "What one credit is worth.", standard: JSON(0.01)),
            Key(
                "pricing",
                word(BillingSettings.Pricing.self, "pricing"),
                "flat: by tier. metered: the vendor's cost times markup.",
                standard: "flat"
            ),
            Key(
                "flat",
                .table(flat),
                "Credits for one picture, by tier.",
                standard: ["low": 1, "medium": 4, "high": 16]
            ),
            Key("markup", .scalar(.factor), "Factor of metered pricing.", standard: 3),
            Key(
                "daily_free",
                .scalar(.integer(0...1_000_000)),
                "Free pictures of tier low, a user and day.",
                standard: 3
            ),
            Key("packs", .table(Table(noun: "pack", keys: .identifier, values: .section(pack))), "What is sold."),
            Key("stripe", .section(stripe), "Payment by Stripe."),
            Key("creem", .section(creem), "Payment by Creem."),
            Key("welcome", .section(welcome), "Credits given to new users."),
            Key("monthly", .section(monthly), "Credits given each month."),
        ])
    }

    private var stripe: Section {
        Section([
            Key("base_url", .scalar(.serviceURL), "Address of the API.", standard: "https://api.stripe.com"),
            Key(required: "secret_key", .scalar(.secret), "Secret key, by reference."),
            Key(required: "webhook_secret", .scalar(.secret), "Signing secret of the webhook endpoint, by reference."),
        ])
    }

    private var creem: Section {
        Section([
            Key("base_url", .scalar(.serviceURL), "Address of the API, without /v1.", standard: "https://api.creem.io"),
            Key(required: "api_key", .scalar(.secret), "API key, by reference."),
            Key(required: "webhook_secret", .scalar(.secret), "Signing secret of the webhook, by reference."),
        ])
    }

    var auth: Section {
        let github = Section([
            Key(required: "client_id", .scalar(.text), "Client id of the OAuth app."),
            Key(required: "client_secret", .scalar(.secret), "Its secret, by reference."),
            Key("base_url", .scalar(.serviceURL), "Where users sign in.", standard: "https://github.com"),
            Key("api_url", .scalar(.serviceURL), "Where accounts are looked up.", standard: "https://api.github.com"),
        ])
        let google = Section([
            Key(required: "client_id", .scalar(.text), "OAuth client id."),
            Key(required: "client_secret", .scalar(.secret), "Its secret, by reference."),
            Key("issuer", .scalar(.serviceURL), "Issuer, found by discovery.", standard: "https://accounts.google.com"),
        ])
        let apple = Section([
            Key(required: "client_id", .scalar(.text), "Services id."),
            Key(required: "team_id", .scalar(.text), "Team id."),
            Key(required: "key_id", .scalar(.text), "Id of the key."),
            Key(required: "private_key", .scalar(.secret), "The .p8 key, by reference: ${file:AuthKey.p8}."),
            Key("issuer", .scalar(.serviceURL), "Issuer.", standard: "https://appleid.apple.com"),
            Key("bundle_ids", .list(of: .scalar(.text), atLeast: 0), "Apps that sign in by themselves.", standard: []),
        ])
        return Section([
            Key(
                "open_studio",
                word(AuthSettings.OpenStudio.self, "value"),
                "Who may use the pages without signing in.",
                standard: "loopback"
            ),
            Key(
                "signed_requests",
                word(AuthSettings.SignedRequests.self, "value"),
                "required: keys that are sent as they are, and do not sign, are refused.",
                standard: "optional"
            ),
            Key(
                "session_secret",
                .scalar(.secret),
                "What sessions are signed with, by reference; made on the first start."
            ),
            Key(
                "redirect_uris",
                .list(of: .scalar(.callURL), atLeast: 0),
                "Addresses a sign-in may return to besides the daemon's own.",
                standard: []
            ),
            Key("github", .section(github), "Sign-in with GitHub."),
            Key("google", .section(google), "Sign-in with Google."),
            Key("apple", .section(apple), "Sign-in with Apple."),
        ])
    }

    var moderation: Section {
        let check = word(ModerationEndpoint.Check.self, "check")
        let endpoint = Section([
            Key("base_url", .scalar(.serviceURL), "Address of the API.", standard: "https://api.openai.com/v1"),
            Key("api_key", .scalar(.secret), "Its key, by reference."),
            Key("model", .scalar(.modelName), "Model to ask.", standard: "omni-moderation-latest"),
            Key("check", .list(of: check, atLeast: 1), "What is checked.", standard: ["prompt"]),
            Key(
                "on_error",
                word(ModerationEndpoint.OnError.self, "reaction"),
                "What happens when it cannot be asked.",
                standard: "allow"
            ),
        ])
        return Section([
            Key(
                "blocked_words",
                .list(of: .scalar(.text), atLeast: 0),
                "Words that a prompt must not contain.",
                standard: []
            ),
            Key("endpoint", .section(endpoint), "An OpenAI-style moderation service."),
        ])
    }

    var alerts: Section {
        let rules = Section([
            Key("error_rate", .scalar(.number(0...1)), "Share of failed attempts.", standard: JSON(0.2)),
            Key("spend_of_cap", .scalar(.number(0...1)), "Share of a day's spending cap.", standard: JSON(0.8)),
            Key("provider_down", milliseconds(1000...86_400_000), "How long a provider may be down.", standard: "60s"),
            Key("low_disk", .scalar(.bytes(1 << 20...1 << 50)), "Bytes free for data.", standard: "256MiB"),
            Key("stuck_job", milliseconds(1000...86_400_000), "How long a job may take.", standard: "900s"),
        ])
        return Section([
            Key("webhook", .scalar(.callURL), "Where alerts are posted."),
            Key("rules", .section(rules), "When."),
        ])
    }
}
