import CSystem
import Glibc

/// What `serve --dev` serves: the sandbox alone, in a temporary directory that goes with the process.
struct DevelopmentInstance: Sendable {
    let directory: String

    /// Nothing is limited that a person could meet, and webhooks may point at this machine.
    private static let configuration = """
        version: 1
        server:
          allow_private_urls: true
        limits:
          per_ip: 100000/min
          per_key: 100000/min
          global: 1000000/hour
          spend_per_day: 1000000
        providers:
          sandbox:
            adapter: sandbox
            models:
              placeholder:
                operations: [generate, edit, variation, stream]
                tiers: {low: {cost: 0}, medium: {cost: 0}, high: {cost: 0}}
        """

    var configurationPath: String { directory + "/providers.yaml" }
    var dataDirectory: String { directory + "/data" }

    init(environment: [String: String]) throws(Daemon.StartFailure) {
        let base = environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        var path = "\(base)/orchestrator-dev-XXXXXX".utf8CString.map { $0 }
        guard unsafe mkdtemp(&path) != nil else {
            throw Daemon.StartFailure("cannot make a directory in '\(base)': error \(errno)")
        }
        directory = String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if let problem = TextFile.write(Self.configuration + "\n", to: configurationPath) {
            remove()
            throw Daemon.StartFailure("cannot write '\(configurationPath)': \(problem)")
        }
    }

    /// What somebody does next, as it can be pasted.
    func invitation(_ address: String) -> String {
        """

        A throw-away instance: sandbox pictures, and nothing is kept. In another terminal:

          export ORCHESTRATOR_API_URL=\(address) ORCHESTRATOR_API_KEY=$(cat \(dataDirectory)/admin.key)
          orchestratorctl generate 'a red fox in the snow' -o .

        Stop with Ctrl-C.
        """
    }

    /// Takes everything away.
    func remove() { unsafe _ = system_remove_tree(directory) }
}
