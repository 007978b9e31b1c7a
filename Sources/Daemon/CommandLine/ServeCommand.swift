import CommandLineInterface
import Orchestrator
import Transport

/// `orchestratord serve`.
struct ServeCommand {
    private let options: ServeOptions
    private let kinds: AdapterKinds
    private let environment: [String: String]

    init(_ words: ArraySlice<String>, kinds: AdapterKinds, environment: [String: String]) throws(Arguments.Misuse) {
        options = try ServeOptions(words, environment: environment)
        self.kinds = kinds
        self.environment = environment
    }

    func run() async -> ExitCode {
        guard options.isDevelopment else { return await serve(options) { _ in } }
        let instance: DevelopmentInstance
        do throws(Daemon.StartFailure) {
            instance = try DevelopmentInstance(environment: environment)
        } catch {
            for message in error.messages { Console.error(message) }
            return .failure
        }
        var own = options
        (own.config, own.dataDirectory) = (instance.configurationPath, instance.dataDirectory)
        // One that is made and printed, as for anybody who starts afresh.
        own.adminKey = nil
        own.listen = own.listen ?? "127.0.0.1:0"
        defer { instance.remove() }
        return await serve(own) { address in Console.out(instance.invitation(address)) }
    }

    private func serve(_ options: ServeOptions, whenServing: @escaping @Sendable (String) -> Void) async -> ExitCode {
        let daemon: Daemon
        let signals: ProcessSignals
        do {
            signals = try ProcessSignals()
            daemon = try await Daemon(options, kinds: kinds, environment: environment)
        } catch let failure as Daemon.StartFailure {
            for message in failure.messages { Console.error(message) }
            return .failure
        } catch {
            Console.error("orchestratord: \(error)")
            return .failure
        }
        do throws(Daemon.StartFailure) {
            let isClean = try await daemon.run(signals) { address in
                Console.out("listening on \(address)")
                whenServing(address)
            }
            return isClean ? .success : .failure
        } catch {
            for message in error.messages { Console.error(message) }
            return .failure
        }
    }
}
