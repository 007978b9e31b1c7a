internal import CPostgreSQL
internal import Glibc

/// Where a database is and how to log in: what libpq makes of a `postgres://` URL.
struct PostgresTarget: Sendable {
    /// By libpq's keywords, such as `host`; what the URL leaves out comes from the environment, as with `psql`.
    private var options: [String: String] = [:]

    init(url: String) throws(PostgresError) {
        guard url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") else {
            throw PostgresError(.refused, "the database's URL must begin with 'postgres://'")
        }
        // Its own message would quote the URL.
        guard let parsed = unsafe PQconninfoParse(url, nil) else {
            throw PostgresError(
                .refused,
                "the database's URL cannot be read, expected 'postgres://user:password@host:port/database'"
            )
        }
        defer { unsafe PQconninfoFree(parsed) }
        var entry = unsafe parsed
        while let keyword = unsafe entry.pointee.keyword {
            if let value = unsafe entry.pointee.val {
                unsafe options[String(cString: keyword)] = unsafe String(cString: value)
            }
            unsafe entry += 1
        }
        options["client_encoding"] = "UTF8"
        for (keyword, value) in PostgresTarget.standards where options[keyword] == nil { options[keyword] = value }
    }

    private static let standards = [
        "application_name": "orchestratord",
        // Looking for Kerberos tickets may read the network, which would hold up the loop.
        "gssencmode": "disable",
        // A network that swallows packets is found out in this time; without it, in a quarter of an hour.
        "tcp_user_timeout": "15000",
        "keepalives_idle": "15",
        "keepalives_interval": "5",
        "keepalives_count": "3",
    ]

    /// The database, for people; as far as the URL says.
    var place: String {
        let host = options["host"] ?? options["hostaddr"] ?? "its usual place"
        let port = options["port"].map { ":\($0)" } ?? ""
        return "PostgreSQL database '\(options["dbname"] ?? options["user"] ?? "")' at \(host)\(port)"
    }

    /// Begins to connect without waiting; the caller owns the handle, nil when memory is out.
    func startConnecting() -> OpaquePointer? {
        var keywords = PackedTexts()
        var values = PackedTexts()
        for (keyword, value) in options {
            keywords.append(keyword)
            values.append(value)
        }
        return unsafe keywords.withPointers { keywords in
            unsafe values.withPointers { values in
                unsafe PQconnectStartParams(keywords, values, 0)
            }
        }
    }

    /// libpq's words for the log: on one line, without the password.
    func cleaned(_ text: String) -> String {
        var text = text
        if let password = options["password"], !password.isEmpty { text = text.replacing(password, with: "…") }
        return text.split(separator: "\n").joined(separator: "; ")
    }

    // MARK: Names of hosts

    /// Whether a host has a name to look up, which may take long; libpq would do so while everybody waits.
    var needsLookUp: Bool {
        guard options["hostaddr"] == nil, let host = options["host"] else { return false }
        return host.split(separator: ",").contains { PostgresTarget.isName(String($0)) }
    }

    /// The same with each host's name looked up, in `hostaddr`, beside the names that certificates are checked for.
    ///
    /// Waits for name servers, so not for an event loop's thread.
    func lookedUp() throws(PostgresError) -> PostgresTarget {
        guard needsLookUp, let hosts = options["host"] else { return self }
        let names = hosts.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let ports = (options["port"] ?? "").split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        var found: [(name: String, address: String, port: String)] = []
        var unknown: [String] = []
        for (index, name) in names.enumerated() {
            let port = ports.count == names.count ? ports[index] : ports.first ?? ""
            let addresses = PostgresTarget.isName(name) ? PostgresTarget.addresses(of: name) : [""]
            if addresses.isEmpty { unknown.append(name) }
            for address in addresses { found.append((name, address, port)) }
        }
        guard !found.isEmpty else {
            throw PostgresError(
                .unavailable,
                "the database cannot be reached",
                detail: "no address is known of \(unknown.map { "'\($0)'" }.joined(separator: ", "))"
            )
        }
        var target = self
        target.options["host"] = found.map(\.name).joined(separator: ",")
        target.options["hostaddr"] = found.map(\.address).joined(separator: ",")
        target.options["port"] = found.map(\.port).joined(separator: ",")
        return target
    }

    /// Neither an address nor the directory of a Unix socket.
    private static func isName(_ host: String) -> Bool {
        guard let first = host.first, first != "/", first != "@" else { return false }
        var room = in6_addr()
        return unsafe inet_pton(AF_INET, host, &room) != 1 && inet_pton(AF_INET6, host, &room) != 1
    }

    private static func addresses(of name: String) -> [String] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [String] = []
        var entry = unsafe list
        while let current = unsafe entry {
            let text = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NI_MAXHOST)) { text in
                let code = unsafe getnameinfo(
                    current.pointee.ai_addr,
                    current.pointee.ai_addrlen,
                    text.baseAddress,
                    socklen_t(text.count),
                    nil,
                    0,
                    NI_NUMERICHOST
                )
                guard code == 0, let start = text.baseAddress else { return nil as String? }
                return unsafe String(cString: start)
            }
            if let text, !addresses.contains(text) { addresses.append(text) }
            unsafe entry = current.pointee.ai_next
        }
        return addresses
    }
}
