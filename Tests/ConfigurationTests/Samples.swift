import Orchestrator

@testable import Configuration

enum Sample {
    /// Every key that there is, once.
    static let complete = """
        version: 1
        server:
          listen: 127.0.0.1:9000
          public_url: https://images.example.com/
          mode: official
          require_own_key: false
          trusted_proxies: [10.0.0.0/8, "fd00::/8"]
          cors_origins: ["*", https://studio.example.com]
          watch: false
          allow_private_urls: true
          default_response_format: b64_json
          images_public: true
          provenance: embed
        database: ${DATABASE_URL}
        storage:
          adapter: s3
          endpoint: https://s3.example.com
          region: eu-west-1
          bucket: pictures
          addressing: host
          retention: 7d
          access_key: ${S3_ACCESS}
          secret_key: ${S3_SECRET}
        routing:
          policy: house
          deadline: 90s
          max_attempts: 3
          fidelity: strict
          on_refusal: fallback
          on_unknown_outcome: fail
          partial_results: false
          policies:
            house: {rank: order, order: [stability/core, openai/gpt-image-2]}
            mix: {rank: weighted, weights: {cost: 0.5, score: 0.3, latency: 0.2}}
            price: {rank: cost, max_cost: 0.5}
        aliases:
          dall-e-3:
            policy: quality
            quality: {standard: medium, hd: high}
            size: {1792x1024: 1536x1024}
          old: {model: gpt-image-2}
          pinned: {model: stability/core}
        providers:
          openai:
            adapter: openai
            base_url: https://api.openai.com/v1
            api_key: ${OPENAI_API_KEY}
            enabled: true
            priority: -3
            timeout: 20s
            retries: 2
            max_in_flight: 7
            spend_per_day: 12.34
            models:
              gpt-image-2:
                operations: [generate, edit, stream]
                sizes: {multiple_of: 16, min_edge: 256, max_edge: 3840, min_pixels: 655360, max_pixels: 8294400, max_ratio: 3}
                formats: [png, jpeg]
                max_images: 4
                max_references: 5
                mask: true
                supports: [transparency, seed]
                score: {generate: 1383, edit: 1463.5}
                latency: 25s
                retires: 2027-10-01
                tiers:
                  low: {cost: 0.006, score: 12}
                  high: {cost: {1024x1024: 0.2, auto: 0.25, default: 0.3}, vendor_quality: max, params: {moderation: low}}
                token_prices: {text_in: 5, image_in: 8, image_out: 30, text_out: 2.5}
          stability:
            adapter: stability
            base_url: https://api.stability.ai
            api_key: ${STABILITY_API_KEY}
            models:
              core: {operations: [generate], ratios: ["1:1", 3:2], score: 60, tiers: {low: {cost: 0.03}}}
          replicate:
            adapter: replicate
            base_url: https://api.replicate.com/v1
            api_key: ${REPLICATE_API_TOKEN}
            webhook_secret: ${REPLICATE_WEBHOOK_SECRET}
            poll: {first: 50ms, max: 200ms}
            wait: 5s
            models:
              black-forest-labs/flux-schnell:
                operations: [generate]
                sizes: [1024x1024, 1536x1024]
                version: abc
                inputs: {prompt: text}
                tiers: {low: {cost: {1024x1024: 0.003, 1536x1024: 0.004}}}
          sandbox:
            adapter: sandbox
            enabled: when-alone
            models:
              placeholder: {operations: [generate, edit, variation, stream], tiers: {low: {cost: 0}}}
        limits:
          per_ip: 5/s
          per_key: 70/min
          global: 2000/day
          spend_per_day: 99.5
          json_body: 64KiB
          upload: 1GiB
          queue: 10
        billing:
          credit_usd: 0.02
          pricing: metered
          flat: {low: 2, max: 64}
          markup: 1.25
          daily_free: 0
          packs:
            small: {name: Small, credits: 10, bonus: 1, price: 0.99, product: prod_1}
            plain: {credits: 20, price: 2}
          stripe: {base_url: https://stripe.test, secret_key: "${STRIPE_SECRET_KEY}", webhook_secret: "${STRIPE_WEBHOOK_SECRET}"}
          creem: {base_url: https://creem.test, api_key: "${CREEM_API_KEY}", webhook_secret: "${CREEM_WEBHOOK_SECRET}"}
        auth:
          open_studio: never
          signed_requests: required
          session_secret: ${file:data/session.secret}
          redirect_uris: [https://app.example.com/back?x=1]
          github: {client_id: "${GITHUB_CLIENT_ID}", client_secret: "${GITHUB_CLIENT_SECRET}", base_url: https://github.test, api_url: https://api.github.test}
          google: {client_id: g, client_secret: "${GOOGLE_CLIENT_SECRET}", issuer: https://google.test}
          apple: {client_id: a, team_id: t, key_id: k, private_key: "${APPLE_KEY}", issuer: https://apple.test, bundle_ids: [test.apple.app]}
        moderation:
          blocked_words: [one, two words]
          endpoint: {base_url: https://mod.test/v1, api_key: "${OPENAI_API_KEY}", model: m, check: [prompt, result], on_error: deny}
        alerts:
          webhook: ${ALERT_WEBHOOK_URL}
          rules: {error_rate: 0.5, spend_of_cap: 0.9, provider_down: 2m}

        """

    /// The least that serves.
    static let least = """
        version: 1
        providers:
          sandbox:
            adapter: sandbox
            models:
              placeholder:
                operations: [generate]
                tiers:
                  low: {cost: 0}

        """

    static let environment = [
        "DATABASE_URL": "postgres://u:p@db/images", "S3_ACCESS": "s3a", "S3_SECRET": "s3s", "OPENAI_API_KEY": "sk-open",
        "STABILITY_API_KEY": "sk-stab", "REPLICATE_API_TOKEN": "r8",
        "REPLICATE_WEBHOOK_SECRET": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "STRIPE_SECRET_KEY": "sk_1",
        "STRIPE_WEBHOOK_SECRET": "whsec_1", "CREEM_API_KEY": "creem_1", "CREEM_WEBHOOK_SECRET": "whsec_2",
        "GITHUB_CLIENT_ID": "gh", "GITHUB_CLIENT_SECRET": "ghs", "GOOGLE_CLIENT_SECRET": "gs",
        "APPLE_KEY": "-----\nkey",
        "ALERT_WEBHOOK_URL": "https://hooks.test/x?y=1",
    ]

    static let today = Day(number: 20_778)  // 2026-11-21

    static func read(
        _ text: String,
        environment: [String: String] = environment,
        today: Day = today,
        directory: String = "/nowhere"
    ) -> Reading {
        Reading(
            Array(text.utf8),
            file: "f.yaml",
            directory: directory,
            kinds: .stubs,
            environment: environment,
            today: today
        )
    }
}

extension String {
    /// The text with its one occurrence of `old` replaced.
    func changing(_ old: String, to new: String) -> String {
        let parts = split(separator: old, omittingEmptySubsequences: false)
        precondition(parts.count == 2, "'\(old)' occurs \(parts.count - 1) times")
        return parts.joined(separator: new)
    }

    private func split(separator: String, omittingEmptySubsequences: Bool) -> [String] {
        var parts = [""]
        var rest = self[...]
        while !rest.isEmpty {
            if rest.hasPrefix(separator) {
                parts.append("")
                rest = rest.dropFirst(separator.count)
            } else {
                parts[parts.count - 1].append(rest.removeFirst())
            }
        }
        return parts
    }
}

extension ConfigError {
    /// `LINE:COLUMN KEY: MESSAGE (HINT)`.
    var brief: String {
        "\(line):\(column) \(key): \(message)" + (hint.map { " (\($0))" } ?? "")
    }
}
