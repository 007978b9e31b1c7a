private import Glibc
internal import Orchestrator

/// What this program remembers between two calls: the server, the key, and wishes; one JSON file that only its owner reads.
struct SettingsFile {
    /// What may be in the file.
    enum Name: String, CaseIterable {
        case apiURL = "api_url"
        case apiKey = "api_key"
        /// Where the key came from: `made` for this program, or `given` to it.
        case keySource = "key_source"
        case keyID = "key_id"
        case userID = "user_id"
        case email
        case model
    }

    let path: String
    private var members: JSONObject

    private static let directory = "orchestrator"
    private static let file = "ctl.json"

    /// `$XDG_CONFIG_HOME/orchestrator/ctl.json`, by default below `~/.config`; a file that is not there is empty.
    init(environment: [String: String]) throws(CommandFailure) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        // The XDG Base Directory Specification has relative paths ignored.
        if let base = value("XDG_CONFIG_HOME"), base.hasPrefix("/") {
            path = "\(base)/\(Self.directory)/\(Self.file)"
        } else if let home = value("HOME") {
            path = "\(home)/.config/\(Self.directory)/\(Self.file)"
        } else {
            path = ""
        }
        members = [:]
        guard !path.isEmpty, let bytes = try FileBytes.read(path) else { return }
        do throws(JSONError) {
            guard let object = try JSON(parsing: bytes).object else {
                throw JSONError(.syntax, at: 0, "it must be one object")
            }
            members = object
        } catch {
            throw .failure("cannot read '\(path)': \(error)")
        }
    }

    subscript(name: Name) -> String? {
        get { members[name.rawValue]?.string }
        set { members[name.rawValue] = newValue.map(JSON.string) }
    }

    /// Whether others than the owner may read the file.
    var isOpenToOthers: Bool {
        var facts = stat()
        return unsafe stat(path, &facts) == 0 && facts.st_mode & 0o077 != 0
    }

    /// Takes away all that belongs to an account.
    mutating func forgetAccount() {
        for name in [Name.apiKey, .keySource, .keyID, .userID, .email] { self[name] = nil }
    }

    /// Writes the file in one step, mode 0600; its directory is made if it is missing.
    func save() throws(CommandFailure) {
        guard !path.isEmpty else {
            throw .failure("there is no place for settings: set HOME or XDG_CONFIG_HOME")
        }
        let text = Array((JSON.object(members).text + "\n").utf8)
        // A file that is a link, into a collection of dotfiles say, stays one.
        let target = FileBytes.resolved(path)
        try FileBytes.makeDirectories(above: target, mode: 0o700)
        try FileBytes.write(text, to: target, mode: 0o600)
    }
}
