import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Somebody at a browser, looking at one daemon's pages.
struct PageVisit: Sendable {
    let daemon: DaemonProcess
    private let chromium: Chromium
    private let session: String
    private static let element = "element-6066-11e4-a52e-4f735466cecf"

    /// Opens a browser for `body`; whatever a page printed on its console fails the test, but for answers that say no,
    /// which browsers print too, where `refusals` says that they are meant.
    static func with(
        _ scene: Scene,
        width: Int = 1280,
        isDark: Bool = false,
        refusals: Set<Int> = [],
        _ body: (PageVisit) async throws -> Void
    ) async throws {
        let chromium = try await Chromium.shared()
        let visit = PageVisit(daemon: scene.daemon, chromium: chromium, session: try await chromium.open())
        do {
            try await visit.look(width: width, isDark: isDark)
            try await body(visit)
            let noise = try await visit.console().filter { line in
                !refusals.contains { line.contains("responded with a status of \($0) ") }
            }
            #expect(noise.isEmpty)
            let network = try await visit.network()
            #expect(!network.contains(scene.daemon.adminKey), "a key went over the network of a page")
        } catch {
            let seen = try? await visit.text("location.href + '\\n' + document.body.innerText")
            Issue.record("the page showed: \(seen ?? "nothing")")
            await visit.close()
            throw error
        }
        await visit.close()
    }

    private func close() async {
        _ = try? await chromium.command("DELETE", "/session/\(session)")
    }

    private func send(_ path: String, _ body: JSON) async throws -> JSON {
        try await chromium.command("POST", "/session/\(session)/\(path)", body)
    }

    private func devTools(_ command: String, _ parameters: JSON) async throws {
        _ = try await send("goog/cdp/execute", ["cmd": .string(command), "params": parameters])
    }

    // MARK: - Looking

    /// Sets the width of the page and the colours that its reader prefers.
    func look(width: Int, isDark: Bool) async throws {
        try await devTools(
            "Emulation.setDeviceMetricsOverride",
            ["width": .integer(width), "height": 900, "deviceScaleFactor": 1, "mobile": false]
        )
        let scheme: JSON = ["name": "prefers-color-scheme", "value": .string(isDark ? "dark" : "light")]
        let still: JSON = ["name": "prefers-reduced-motion", "value": "reduce"]
        try await devTools("Emulation.setEmulatedMedia", ["features": [scheme, still]])
    }

    func open(_ path: String) async throws {
        _ = try await send("url", ["url": .string(daemon.base + path)])
    }

    func reload() async throws { _ = try await send("refresh", [:]) }

    /// Runs JavaScript in the page; the value of its `return`.
    @discardableResult
    func run(_ script: String, _ arguments: JSON...) async throws -> JSON {
        try await send("execute/sync", ["script": .string(script), "args": .array(arguments)])
    }

    /// The value of an expression as text; empty for null.
    func text(_ expression: String) async throws -> String {
        try await run("return String((\(expression)) ?? '')").string ?? ""
    }

    /// Waits until an expression holds; a page that is left meanwhile is asked anew.
    func until(_ expression: String, _ why: Comment? = nil, at place: SourceLocation = #_sourceLocation) async throws {
        let script = """
            const done = arguments[arguments.length - 1];
            const end = Date.now() + 20000;
            const look = () => {
                let value = false;
                try { value = Boolean(\(expression)); } catch {}
                if (value || Date.now() > end) done(value); else setTimeout(look, 25);
            };
            look();
            """
        for _ in 0..<5 {
            do {
                let found = try await send("execute/async", ["script": .string(script), "args": []])
                try #require(found.bool == true, why ?? "not in time: \(expression)", sourceLocation: place)
                return
            } catch let failure as Chromium.Failure where failure.description.contains("unloaded") {
                continue
            }
        }
        Issue.record("the page changes for ever", sourceLocation: place)
    }

    /// Waits for text that is to be seen somewhere.
    func untilSeen(_ words: String, at place: SourceLocation = #_sourceLocation) async throws {
        try await until("document.body.innerText.includes(\(JSON.string(words).text))", at: place)
    }

    // MARK: - Doing

    private func find(_ selector: String) async throws -> String {
        try await until("document.querySelector(\(JSON.string(selector).text))", "there is no \(selector)")
        let found = try await send("element", ["using": "css selector", "value": .string(selector)])
        return try #require(found[Self.element]?.string)
    }

    func click(_ selector: String) async throws {
        let id = try await find(selector)
        try await run("arguments[0].scrollIntoView({block: 'center'})", [Self.element: .string(id)])
        _ = try await send("element/\(id)/click", [:])
    }

    /// Clicks the button or link that says so.
    func press(_ words: String, in container: String = "body") async throws {
        let isIt = "e.textContent.trim() === \(JSON.string(words).text) && e.checkVisibility()"
        let all = "[...document.querySelectorAll('\(container) button, \(container) a, \(container) summary')]"
        try await until("\(all).some((e) => \(isIt) && !e.disabled)", "nothing says '\(words)'")
        try await run("\(all).find((e) => \(isIt)).click()")
    }

    /// Types into a field, in place of what is in it.
    func type(_ words: String, into selector: String) async throws {
        let id = try await find(selector)
        _ = try await send("element/\(id)/clear", [:])
        _ = try await send("element/\(id)/value", ["text": .string(words)])
    }

    /// Gives a field something without emptying it first: files, or a choice.
    func give(_ words: String, to selector: String) async throws {
        let id = try await find(selector)
        _ = try await send("element/\(id)/value", ["text": .string(words)])
    }

    /// Presses keys with nothing but the focus to say where.
    func keys(_ keys: [String], holding modifier: String? = nil) async throws {
        var actions: [JSON] = []
        if let modifier { actions.append(["type": "keyDown", "value": .string(modifier)]) }
        for key in keys {
            actions.append(["type": "keyDown", "value": .string(key)])
            actions.append(["type": "keyUp", "value": .string(key)])
        }
        if let modifier { actions.append(["type": "keyUp", "value": .string(modifier)]) }
        _ = try await send("actions", ["actions": [["type": "key", "id": "keyboard", "actions": .array(actions)]]])
    }

    static let tab = "\u{E004}"
    static let enter = "\u{E007}"
    static let control = "\u{E009}"
    static let escape = "\u{E00C}"
    static let right = "\u{E014}"

    // MARK: - What the browser noted

    /// What pages and browser wrote on the console since it was last asked.
    func console() async throws -> [String] {
        let lines = try await send("se/log", ["type": "browser"]).array ?? []
        return lines.compactMap { $0["message"]?.string }
    }

    /// Every request and answer that the browser noted, as text.
    private func network() async throws -> String {
        let lines = try await send("se/log", ["type": "performance"]).array ?? []
        return lines.compactMap { $0["message"]?.string }.joined(separator: "\n")
    }

    /// A client that shows the cookie of this browser.
    func client() async throws -> HTTPClient {
        let cookies = try await chromium.command("GET", "/session/\(session)/cookie").array ?? []
        let pairs = cookies.map { "\($0["name"]?.string ?? "")=\($0["value"]?.string ?? "")" }
        return daemon.client(key: nil).with("cookie", pairs.joined(separator: "; "))
    }

    /// Signs in by the page; the account is made if it is new.
    func signUp(_ email: String) async throws {
        try await open("/signin?new")
        try await type(email, into: "#email")
        try await type(Browser.password, into: "#password")
        try await click("#enter")
        try await until("document.querySelector('#who .name')?.textContent === \(JSON.string(email).text)")
    }

    /// Signs in as administrator by the key form. The key is then in this one request, which is what the form is for.
    func signInAsAdministrator() async throws {
        let reply = try await daemon.client(key: daemon.adminKey).post("/v1/auth/session", [:])
        let cookie = try #require(reply.header("set-cookie")).prefix { $0 != ";" }.split(separator: "=")
        try await open("/health/live")
        try #require(cookie.count == 2)
        _ = try await send(
            "cookie",
            ["cookie": ["name": .string(String(cookie[0])), "value": .string(String(cookie[1])), "httpOnly": true]]
        )
    }
}
