import Orchestrator

// Kinds of value that only the registry has; the common ones are read in the core, where adapters read them too.
extension ConfigNode {
    /// Whether there is a value, and all that it refers to is set.
    var isSet: Bool {
        switch content {
        case .null: false
        case .scalar(let scalar): scalar.unset.isEmpty
        case .sequence, .mapping: true
        }
    }

    /// A pixel size such as `1024x1024`.
    func size() throws(ConfigError) -> PixelSize {
        guard let size = PixelSize(try string()) else {
            throw error("must be a size, not \(quotation)", hint: "such as 1024x1024")
        }
        return size
    }

    /// A ratio such as `16:9`.
    func ratio() throws(ConfigError) -> AspectRatio {
        guard let ratio = AspectRatio(try string()) else {
            throw error("must be a ratio, not \(quotation)", hint: "such as \"16:9\"")
        }
        return ratio
    }

    /// A calendar day such as `2026-12-01`.
    func day() throws(ConfigError) -> Day {
        guard let day = Day(try string()) else {
            throw error("must be a date, not \(quotation)", hint: "such as 2026-12-01")
        }
        return day
    }

    /// A rate such as `10/min`.
    func rate() throws(ConfigError) -> Rate {
        guard let rate = Rate(try string()) else {
            throw error("must be a rate, not \(quotation)", hint: "such as 10/min, 100/hour or 1000/day")
        }
        return rate
    }

    /// A rate of calls such as `150/10s`; each is remembered for its window, which bounds their number.
    func pace() throws(ConfigError) -> Rate {
        let rate = try rate()
        guard rate.count <= CallPace.longest else {
            throw error("must be at most \(CallPace.longest) calls a window, not \(quotation)")
        }
        return rate
    }

    /// Dollars for a million tokens as micro-dollars for a million tokens; what is finer than that is rounded half up.
    func tokenPrice() throws(ConfigError) -> Int64 {
        let text = try plainText("a price in dollars for a million tokens")
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].utf8.count > 6,
            parts[1].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let short = try? MicroUSD(decimal: "\(parts[0]).\(parts[1].prefix(6))")
        else { return try dollars().micros }
        let roundsUp = parts[1].utf8.dropFirst(6).first.map { $0 >= UInt8(ascii: "5") } ?? false
        return short.micros + (roundsUp ? 1 : 0)
    }

    /// Whether it is the word that stands for a price by the vendor's own count of tokens.
    var isTokens: Bool { (try? string()) == "tokens" }

    /// A positive decimal factor in millionths.
    func factor() throws(ConfigError) -> Int64 {
        let text = try plainText("a decimal factor")
        guard let value = try? MicroUSD(decimal: text), (1...1_000_000_000).contains(value.micros) else {
            throw error("must be a decimal factor above 0 and up to 1000, not \(quotation)", hint: "such as 3 or 1.25")
        }
        return value.micros
    }

    /// A credential, which must stand elsewhere than in this file.
    func secret() throws(ConfigError) -> Secret {
        guard case .scalar(let scalar) = content else { throw error("must be a reference, not \(contentName)") }
        guard scalar.references.count == 1, scalar.source.hasPrefix("${"), scalar.source.hasSuffix("}"),
            scalar.source.utf8.count == scalar.references[0].utf8.count + 3
        else {
            throw error(
                "a secret must not stand in this file",
                hint: "write ${NAME} for an environment variable, or ${file:PATH} for a file"
            )
        }
        let text = try string()
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == UInt8(ascii: "\n") }) else {
            throw error("\(quotation) contains control characters")
        }
        return Secret(text)
    }

    /// An `http` or `https` address as it can be called: absolute, without credentials, query or fragment.
    func serviceURL() throws(ConfigError) -> String {
        try webAddress(mayHaveQuery: false)
    }

    /// An `http` or `https` address that is called as it stands.
    func callURL() throws(ConfigError) -> String {
        try webAddress(mayHaveQuery: true)
    }

    private func webAddress(mayHaveQuery: Bool) throws(ConfigError) -> String {
        let text = try string()
        guard let address = WebAddress(text) else {
            throw error(
                "must be an absolute http or https URL, not \(quotation)",
                hint: "such as https://api.example.com/v1"
            )
        }
        guard !address.hasCredentials else {
            throw error("must not contain a user name or password", hint: "give the key in its own field, by reference")
        }
        guard mayHaveQuery || !address.hasQuery else {
            throw error("must not have a query or fragment: \(quotation)")
        }
        return mayHaveQuery ? text : address.withoutTrailingSlash
    }

    /// `HOST:PORT` to listen on.
    func listenAddress() throws(ConfigError) -> String {
        let text = try string()
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port), WebAddress.isHost(text[..<colon])
        else { throw error("must be HOST:PORT, not \(quotation)", hint: "such as 127.0.0.1:8080 or [::1]:8080") }
        return text
    }

    /// An address or block of addresses such as `10.0.0.0/8`.
    func network() throws(ConfigError) -> String {
        let text = try string()
        guard IPNetwork.isWellFormed(text) else {
            throw error("must be an IP address or CIDR block, not \(quotation)", hint: "such as 10.0.0.0/8 or fd00::/8")
        }
        return text
    }

    /// `*`, or what a browser sends as `Origin`.
    func origin() throws(ConfigError) -> String {
        let text = try string()
        if text == "*" { return text }
        guard let address = WebAddress(text), address.isOrigin else {
            throw error("must be '*' or an origin, not \(quotation)", hint: "such as https://studio.example.com")
        }
        return text
    }

    /// `sqlite`, or the URL of a PostgreSQL server whose password does not stand here.
    func database() throws(ConfigError) -> DatabaseSettings {
        guard case .scalar(let scalar) = content else {
            throw error("must be sqlite or a postgres:// URL, not \(contentName)")
        }
        if scalar.source == "sqlite" { return .sqlite }
        guard !DatabaseURL.revealsPassword(scalar.source) else {
            throw error(
                "a secret must not stand in this file",
                hint: "write ${DATABASE_URL}, or postgres://user:${PASSWORD}@host/name"
            )
        }
        let text = try string()
        guard text == "sqlite" || DatabaseURL.isWellFormed(text) else {
            throw error("must be sqlite or a postgres:// URL", hint: "such as ${DATABASE_URL}")
        }
        return text == "sqlite" ? .sqlite : .postgres(Secret(text))
    }

    /// One of a closed list of words; `noun` names them in the message.
    func word(of choices: [String], noun: String) throws(ConfigError) -> String {
        let text = try string()
        guard choices.contains(text) else {
            throw error("unknown \(noun) \(quotation)", hint: Suggestion.hint(for: text, among: choices))
        }
        return text
    }
}
