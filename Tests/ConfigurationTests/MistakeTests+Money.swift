@testable import Configuration

extension MistakeTests {
    static let money: [Mistake] = [
        Mistake(
            "core: {operations: [generate], ratios: [\"1:1\", 3:2], score: 60, tiers: {low: {cost: 0.03}}}",
            "core: {operations: [generate], tiers: {low: {cost: ‸-0.03}}}",
            "providers.stability.models.core.tiers.low.cost: must not be negative"
        ),
        Mistake(
            "low: {cost: 0.006, score: 12}",
            "low: {cost: ‸cheap}",
            "providers.openai.models.gpt-image-2.tiers.low.cost: must be a decimal number of dollars, not 'cheap' (such as 0.053)"
        ),
        Mistake(
            "low: {cost: 0.006, score: 12}",
            "low: {cost: ‸1e-3}",
            "providers.openai.models.gpt-image-2.tiers.low.cost: must be a decimal number of dollars, not '1e-3' (such as 0.053)"
        ),
        Mistake(
            "low: {cost: 0.006, score: 12}",
            "low: {cost: ‸0.0000001}",
            "providers.openai.models.gpt-image-2.tiers.low.cost: is finer than a millionth of a dollar: '0.0000001'"
        ),
        Mistake(
            "low: {cost: 0.006, score: 12}",
            "low: {cost: ‸'0.006'}",
            "providers.openai.models.gpt-image-2.tiers.low.cost: must be an amount in dollars, not a quoted text"
        ),
        Mistake(
            "low: {cost: 0.006, score: 12}",
            "low: ‸0.006",
            "providers.openai.models.gpt-image-2.tiers.low: must be a mapping, not a single value"
        ),
        Mistake(
            "low: {cost: 0.006, score: 12}",
            "low: ‸{score: 12}",
            "providers.openai.models.gpt-image-2.tiers.low.cost: is required"
        ),
        Mistake(
            "default: 0.3}",
            "default: ‸x}",
            "providers.openai.models.gpt-image-2.tiers.high.cost.default: must be a decimal number of dollars, not 'x' (such as 0.053)"
        ),
        Mistake(
            "{1024x1024: 0.2, auto",
            "{‸1024: 0.2, auto",
            "providers.openai.models.gpt-image-2.tiers.high.cost.1024: must be a size, not '1024' (such as 1024x1024)"
        ),
        Mistake(
            "params: {moderation: low}",
            "params: ‸low",
            "providers.openai.models.gpt-image-2.tiers.high.params: must be a mapping, not a single value"
        ),
        Mistake(
            "image_out: 30",
            "image_out: ‸-30",
            "providers.openai.models.gpt-image-2.token_prices.image_out: must not be negative"
        ),
        Mistake(
            "spend_per_day: 12.34",
            "spend_per_day: ‸lots",
            "providers.openai.spend_per_day: must be a decimal number of dollars, not 'lots' (such as 0.053)"
        ),
        Mistake("credit_usd: 0.02", "credit_usd: ‸0", "billing.credit_usd: must be more than 0"),
        Mistake(
            "markup: 1.25",
            "markup: ‸0",
            "billing.markup: must be a decimal factor above 0 and up to 1000, not '0' (such as 3 or 1.25)"
        ),
        Mistake(
            "price: 0.99",
            "price: ‸0.995",
            "billing.packs.small.price: must be whole cents, and more than 0 (such as 7.99)"
        ),
        Mistake("plain: {credits: 20, ", "plain: ‸{", "billing.packs.plain.credits: is required"),
    ]

    private static let literal =
        "a secret must not stand in this file (write ${NAME} for an environment variable, or ${file:PATH} for a file)"

    static let secrets: [Mistake] = [
        Mistake(
            "webhook_secret: ${REPLICATE_WEBHOOK_SECRET}",
            "webhook_secret: ‸whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            "providers.replicate.webhook_secret: " + literal
        ),
        Mistake("access_key: ${S3_ACCESS}", "access_key: ‸AKIA1", "storage.access_key: " + literal),
        Mistake("secret_key: ${S3_SECRET}", "secret_key: ‸x${S3_SECRET}", "storage.secret_key: " + literal),
        Mistake("api_key: ${STABILITY_API_KEY}", "api_key: ‸sk-live-123", "providers.stability.api_key: " + literal),
        Mistake(
            "secret_key: \"${STRIPE_SECRET_KEY}\"",
            "secret_key: ‸sk_live",
            "billing.stripe.secret_key: " + literal
        ),
        Mistake(
            "webhook_secret: \"${CREEM_WEBHOOK_SECRET}\"",
            "webhook_secret: ‸w",
            "billing.creem.webhook_secret: " + literal
        ),
        Mistake(
            "session_secret: ${file:data/session.secret}",
            "session_secret: ‸abc",
            "auth.session_secret: " + literal
        ),
        Mistake(
            "client_secret: \"${GOOGLE_CLIENT_SECRET}\"",
            "client_secret: ‸abc",
            "auth.google.client_secret: " + literal
        ),
        Mistake(
            "database: ${DATABASE_URL}",
            "database: ‸postgres://u:pw@db/x",
            "database: a secret must not stand in this file (write ${DATABASE_URL}, or postgres://user:${PASSWORD}@host/name)"
        ),
        Mistake(
            "database: ${DATABASE_URL}",
            "database: ‸mysql://db",
            "database: must be sqlite or a postgres:// URL (such as ${DATABASE_URL})"
        ),
        Mistake(
            "base_url: https://api.stability.ai",
            "base_url: ‸https://me:pw@api.stability.ai",
            "providers.stability.base_url: must not contain a user name or password (give the key in its own field, by reference)"
        ),
        Mistake(
            "base_url: https://api.stability.ai",
            "base_url: ‸api.stability.ai",
            "providers.stability.base_url: must be an absolute http or https URL, not 'api.stability.ai' (such as https://api.example.com/v1)"
        ),
        Mistake(
            "base_url: https://api.stability.ai",
            "base_url: ‸https://api.stability.ai/v1?x=1",
            "providers.stability.base_url: must not have a query or fragment: 'https://api.stability.ai/v1?x=1'"
        ),
        Mistake(
            "    base_url: https://api.stability.ai\n",
            "",
            at: "adapter: stability\n",
            "providers.stability.base_url: is required"
        ),
    ]
}
