import Transport

extension HTTPHeaders {
    /// The value of a cookie, the first of that name; nil without one.
    func cookie(_ name: String) -> String? {
        for header in all(named: "cookie") {
            for pair in header.utf8.split(separator: UInt8(ascii: ";")) {
                let pair = pair.drop { $0 == UInt8(ascii: " ") }
                guard pair.starts(with: Array((name + "=").utf8)) else { continue }
                return String(pair.dropFirst(name.utf8.count + 1))
            }
        }
        return nil
    }
}
