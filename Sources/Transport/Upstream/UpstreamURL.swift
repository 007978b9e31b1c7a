import Orchestrator

/// Scheme, host and port: what a credential and a kept connection belong to.
package struct Origin: Sendable, Hashable {
    /// Whether the scheme is https.
    package var isSecure: Bool
    /// Lower case, without a final dot; IPv6 addresses in brackets.
    package var host: String
    package var port: UInt16

    package init(isSecure: Bool, host: String, port: UInt16) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
    }
}

extension Origin: CustomStringConvertible {
    package var description: String { "\(isSecure ? "https" : "http")://\(host):\(port)" }
}

/// An absolute http or https address whose host can be read in one way only.
///
/// Stricter than RFC 3986: programs differ on credentials in an address, on backslashes, on white space and on numbers as
/// hosts (`http://2130706433/`, `http://0x7f.1/`), and what two programs read differently passes the one's check and
/// misleads the other.
package struct UpstreamURL: Sendable, Hashable {
    /// The address as it was given.
    package let text: String
    package let origin: Origin
    /// What the host is where it is written as an address and not as a name.
    package let address: AddressClass?

    /// Reads an address; the refusal says what is wrong with it without repeating any of it.
    package init(_ text: String) throws(Refusal) {
        let bytes = text.utf8Span.span
        for index in bytes.indices
        where bytes[index] <= 0x20 || bytes[index] == 0x7F || bytes[index] == UInt8(ascii: "\\") {
            throw Refusal("it holds white space, a control character or a backslash")
        }
        let isSecure: Bool
        let start: Int
        if UpstreamURL.hasPrefix(bytes, "https://") {
            (isSecure, start) = (true, 8)
        } else if UpstreamURL.hasPrefix(bytes, "http://") {
            (isSecure, start) = (false, 7)
        } else {
            throw Refusal("it is no absolute http or https address")
        }
        var end = start
        while end < bytes.count, !UpstreamURL.endsAuthority(bytes[end]) {
            if bytes[end] == UInt8(ascii: "@") { throw Refusal("it holds a user name or password") }
            end += 1
        }
        let authority = bytes.extracting(start..<end)
        let colon = UpstreamURL.hostLength(authority)
        let port = try UpstreamURL.port(authority.extracting(colon..<authority.count), isSecure: isSecure)
        let (host, address) = try UpstreamURL.host(authority.extracting(0..<colon))
        self.text = text
        self.address = address
        origin = Origin(isSecure: isSecure, host: host, port: port)
    }

    /// Why an address is not used.
    package struct Refusal: Error, Sendable, Equatable {
        package var message: String

        init(_ message: String) { self.message = message }
    }
}

extension UpstreamURL {
    private static func hasPrefix(_ bytes: Span<UInt8>, _ prefix: StaticString) -> Bool {
        guard bytes.count >= prefix.utf8CodeUnitCount else { return false }
        for index in 0..<prefix.utf8CodeUnitCount {
            let byte = bytes[index]
            let lower = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
            guard unsafe lower == prefix.utf8Start[index] else { return false }
        }
        return true
    }

    private static func endsAuthority(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
    }

    /// Bytes before the colon of the port.
    private static func hostLength(_ authority: Span<UInt8>) -> Int {
        var index = authority.count
        while index > 0, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(authority[index - 1]) { index -= 1 }
        return index > 0 && authority[index - 1] == UInt8(ascii: ":") ? index - 1 : authority.count
    }

    private static func port(_ text: Span<UInt8>, isSecure: Bool) throws(Refusal) -> UInt16 {
        if text.isEmpty { return isSecure ? 443 : 80 }
        var number = 0
        for index in 1..<text.count where number <= 0xFFFF {
            number = number * 10 + Int(text[index] - UInt8(ascii: "0"))
        }
        guard text.count > 1, let port = UInt16(exactly: number), port > 0 else {
            throw Refusal("its port is not between 1 and 65535")
        }
        return port
    }

    private static func host(_ text: Span<UInt8>) throws(Refusal) -> (String, AddressClass?) {
        if text.isEmpty { throw Refusal("it has no host") }
        if text[0] == UInt8(ascii: "[") {
            let inside = String(decoding: [UInt8](copying: text).dropFirst().dropLast(), as: UTF8.self)
            guard text[text.count - 1] == UInt8(ascii: "]"), inside.utf8.contains(UInt8(ascii: ":")),
                let address = AddressClass(text: inside)
            else { throw Refusal("its host is no IPv6 address") }
            return ("[\(inside.lowercased())]", address)
        }
        let count = text[text.count - 1] == UInt8(ascii: ".") ? text.count - 1 : text.count
        guard (1...253).contains(count) else { throw Refusal("its host is too long or empty") }
        var lower: [UInt8] = []
        lower.reserveCapacity(count)
        var label = 0
        for index in 0..<count {
            var byte = text[index]
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte |= 0x20
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                UInt8(ascii: "_"):
                break
            case UInt8(ascii: ".") where index > label && index + 1 < count: label = index + 1
            default: throw Refusal("its host holds something that no host name has")
            }
            lower.append(byte)
        }
        let host = String(decoding: lower, as: UTF8.self)
        guard endsInNumber(lower[label...]) else { return (host, nil) }
        guard count == text.count, let address = AddressClass(text: host) else {
            throw Refusal("its host is a number, but not four decimal octets")
        }
        return (host, address)
    }

    /// Whether some programs would take a host with this last label for an IPv4 address (WHATWG URL, "ends in a number").
    private static func endsInNumber(_ label: ArraySlice<UInt8>) -> Bool {
        label.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            || label.starts(with: "0x".utf8)
    }
}
