/// The cookie that a browser is known by when it comes back from an identity provider.
enum SignInCookie {
    static let name = "orchestrator_signin"
    /// It goes along with nothing but sign-ins.
    private static let path = "/v1/auth"

    /// The header that gives a browser its token. `crossesSites`: the provider posts the browser back, which only a cookie
    /// without bounds, over https, survives.
    static func header(_ token: String, isSecure: Bool, crossesSites: Bool) -> (name: String, value: String) {
        let attributes = attributes(isSecure, crossesSites)
        return (
            name: "set-cookie", value: "\(name)=\(token); \(attributes); Max-Age=\(SignInFlow.age.components.seconds)"
        )
    }

    /// The header that takes it away.
    static func removal(isSecure: Bool) -> (name: String, value: String) {
        (name: "set-cookie", value: "\(name)=; \(attributes(isSecure, false)); Max-Age=0")
    }

    private static func attributes(_ isSecure: Bool, _ crossesSites: Bool) -> String {
        "Path=\(path); HttpOnly; SameSite=\(isSecure && crossesSites ? "None" : "Lax")" + (isSecure ? "; Secure" : "")
    }
}
