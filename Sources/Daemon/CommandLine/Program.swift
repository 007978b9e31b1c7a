import CommandLineInterface
import Glibc
public import Orchestrator

/// The daemon as a program: a `main` that lists its adapter kinds is all that an executable needs.
public struct Program: Sendable {
    let kinds: AdapterKinds

    /// A daemon that knows these kinds of provider.
    public init(adapters: [any ProviderAdapter.Type]) {
        kinds = AdapterKinds(adapters)
    }

    /// Runs the command that the process was started with, and ends the process.
    public func main() async -> Never {
        exit(await run(ProcessArguments.all, environment: ProcessEnvironment.variables))
    }

    /// Runs the command that the arguments name, and returns the code to exit with.
    ///
    /// `arguments` come without the program's name; `environment` is what flags and the configuration fall back to.
    public func run(_ arguments: [String], environment: [String: String]) async -> Int32 {
        do throws(Arguments.Misuse) {
            return try await dispatch(arguments, environment).rawValue
        } catch {
            Console.error("orchestratord: \(error.message)\nTry 'orchestratord --help'.")
            return ExitCode.misuse.rawValue
        }
    }

    private func dispatch(
        _ arguments: [String],
        _ environment: [String: String]
    ) async throws(Arguments.Misuse) -> ExitCode {
        guard let name = arguments.first else {
            Console.error(Self.help)
            return .misuse
        }
        let rest = arguments.dropFirst()
        if rest.contains("--help"), let command = Self.commandHelp[name] {
            Console.out(command)
            return .success
        }
        switch name {
        case "serve": return try await ServeCommand(rest, kinds: kinds, environment: environment).run()
        case "check": return try CheckCommand(rest, kinds: kinds, environment: environment).run()
        case "schema": return try SchemaCommand(rest, kinds: kinds).run()
        case "explain": return try ExplainCommand(rest, kinds: kinds, environment: environment).run()
        case "fidelity": return try FidelityCommand(rest, kinds: kinds, environment: environment).run()
        case "simulate": return try SimulateCommand(rest, kinds: kinds, environment: environment).run()
        case "users": return try await UsersCommand(rest, kinds: kinds, environment: environment).run()
        case "keys": return try await KeysCommand(rest, kinds: kinds, environment: environment).run()
        case "verify-ledger": return try await LedgerCommand(rest, kinds: kinds, environment: environment).run()
        case "reconcile": return try await ReconcileCommand(rest, kinds: kinds, environment: environment).run()
        case "migrate": return try await MigrateCommand(rest, kinds: kinds, environment: environment).run()
        case "backup": return try await BackupCommand(.backup, rest, environment: environment).run()
        case "restore": return try await BackupCommand(.restore, rest, environment: environment).run()
        case "--help", "help", "-h":
            Console.out(Self.help)
            return .success
        case "--version":
            Console.out("orchestratord \(Version.text)")
            return .success
        default: throw Arguments.Misuse(message: "unknown command '\(name)'")
        }
    }

    private static let help = """
        Usage: orchestratord COMMAND [OPTION]...
        One OpenAI-compatible API in front of every image vendor.

          serve            run the daemon
          check [FILE]     examine providers.yaml; every mistake with its line and column
          schema           print the JSON Schema of providers.yaml, for editors
          explain          show who would serve a request, and why; no call is made
          simulate         play a trace of requests against each policy: cost, quality, latency, failures
          fidelity         print what each model keeps, converts, drops or refuses
          users            list users, make administrators; while the daemon is stopped
          keys             list, make and revoke a user's keys; while the daemon is stopped
          verify-ledger    compute every balance anew and follow the chain of transfers
          reconcile        compare attempts with a vendor's bill
          migrate          bring the database's schema up to date
          backup FILE      write database, secrets and pictures to one file
          restore FILE     make a data directory of such a file

          --help           this text, or that of a command
          --version        the version

        Exit codes: 0 success, 1 failure, 2 wrong usage.
        """

    private static let commandHelp = [
        "serve": """
        Usage: orchestratord serve [OPTION]...
          --config FILE        the configuration (ORCHESTRATOR_CONFIG; default providers.yaml)
          --listen HOST:PORT   the address (ORCHESTRATOR_LISTEN); port 0 picks one
          --data-dir DIR       database and pictures (ORCHESTRATOR_DATA_DIR; default data)
          --public-url URL     what links in answers start with (ORCHESTRATOR_PUBLIC_URL)
          --dev                a throw-away instance: sandbox pictures, temporary data, a free port, a printed key
          --log-level LEVEL    debug, info, warning or error (ORCHESTRATOR_LOG_LEVEL; default info)
        A flag comes before its variable, and that before the file.
        SIGHUP reloads the configuration; SIGTERM and SIGINT finish what runs and end.
        """,
        "check": """
        Usage: orchestratord check [FILE]
        Examines a configuration (default providers.yaml). Mistakes go to standard error as
        FILE:LINE:COLUMN: error: KEY: MESSAGE (HINT), and the exit code is 1.
        """,
        "schema": "Usage: orchestratord schema\nPrints the JSON Schema of providers.yaml.",
        "explain": """
        Usage: orchestratord explain --prompt TEXT [OPTION]...
          --config FILE        the configuration (default providers.yaml)
          --model NAME, --policy NAME, --quality NAME, --size WxH, --aspect-ratio W:H, --n N
          --references N, --mask, --output-format NAME, --background NAME, --fidelity NAME, --max-cost-usd AMOUNT
          --json               the answer of POST /v1/routes/explain
        """,
        "simulate": """
        Usage: orchestratord simulate --trace FILE [OPTION]...
          --trace FILE         JSON lines of {"time": T, "request": BODY}; T in RFC 3339, or in seconds from any start
          --policy A,B,…       policies of the file, in place of those that requests name (default all)
          --failures NAME=RATE,…
                               share of calls that fail, by provider or PROVIDER/MODEL; before the file's failure_rate
          --seed N             where chance starts (default 1); the same seed gives the same figures
          --config FILE        the configuration (ORCHESTRATOR_CONFIG; default providers.yaml)
          --svg FILE           draw quality over cost, and latencies
          --json               the figures with more detail
        No call is made. The planner is the one that serves; chance stands in for the vendors.
        """,
        "fidelity": """
        Usage: orchestratord fidelity [OPTION]...
          --config FILE        the configuration (ORCHESTRATOR_CONFIG; default providers.yaml)
        Prints, as Markdown, what becomes of each part of a request at each model: under strict / adapt / best_effort, or
        one word where they agree. docs/fidelity.md is made so, with all keys set.
        """,
        "users": """
        Usage: orchestratord users list | grant EMAIL | revoke EMAIL
          list                 every user: id, time of signing up, role, e-mail address
          grant EMAIL          make a user an administrator
          revoke EMAIL         take that back
          --config FILE        the configuration (ORCHESTRATOR_CONFIG; default providers.yaml)
          --data-dir DIR       database and pictures (ORCHESTRATOR_DATA_DIR; default data)
          --json               one JSON object a line
        An SQLite file must not be in use by a running daemon, which does the same by /v1/admin/users and /v1/admin/grant.
        """,
        "keys": """
        Usage: orchestratord keys list EMAIL | create EMAIL [OPTION]... | revoke EMAIL KEY_ID
          list EMAIL           a user's keys: id, first characters, state, scopes, name
          create EMAIL         make a key and print it; it is shown this once
            --name NAME, --scopes A,B, --expires-at TIME, --policy NAME, --spend-per-day AMOUNT, --rate N/UNIT
          revoke EMAIL KEY_ID  end a key
          --config FILE        the configuration (ORCHESTRATOR_CONFIG; default providers.yaml)
          --data-dir DIR       database and pictures (ORCHESTRATOR_DATA_DIR; default data)
          --json               one JSON object a line
        An SQLite file must not be in use by a running daemon, which does the same by /v1/keys.
        """,
        "verify-ledger": """
        Usage: orchestratord verify-ledger [OPTION]...
          --config FILE        the configuration (ORCHESTRATOR_CONFIG; default providers.yaml)
          --data-dir DIR       database and pictures (ORCHESTRATOR_DATA_DIR; default data)
        Computes every balance, hold and link of the chain anew. Each thing that is wrong is a line on standard error,
        and the exit code is 1. An SQLite file must not be in use by a running daemon.
        """,
        "reconcile": """
        Usage: orchestratord reconcile PROVIDER INVOICE.csv [OPTION]...
          --day-column NAME, --amount-column NAME, --item-column NAME   where the bill's columns have unusual names
          --config FILE        the configuration (ORCHESTRATOR_CONFIG; default providers.yaml)
          --data-dir DIR       database and pictures (ORCHESTRATOR_DATA_DIR; default data)
          --json               the answer of POST /v1/admin/reconcile
        Compares what the attempts at a provider cost by our record with its bill, day by day and model by model, and says
        what explains a difference. The exit code is 1 where something is not explained. An SQLite file must not be in use
        by a running daemon, which does the same by POST /v1/admin/reconcile?provider=NAME with the file as body.
        """,
        "migrate": """
        Usage: orchestratord migrate [OPTION]...
          --config FILE        the configuration (ORCHESTRATOR_CONFIG; default providers.yaml)
          --data-dir DIR       database and pictures (ORCHESTRATOR_DATA_DIR; default data)
        Brings the database's schema up to date, as serve does at its start. An SQLite file must not be in use.
        """,
        "backup": """
        Usage: orchestratord backup FILE [--data-dir DIR]
        Writes the SQLite database, the secrets and the pictures of a data directory (ORCHESTRATOR_DATA_DIR; default
        data) to one new file, a tar archive. Keep it as safe as the directory itself: it holds keys. No daemon may have
        the database open. PostgreSQL and S3 have tools of their own: pictures in a bucket are counted, not copied.
        """,
        "restore": """
        Usage: orchestratord restore FILE [--data-dir DIR]
        Makes a data directory (ORCHESTRATOR_DATA_DIR; default data) of a backup. The directory must not have a database.
        """,
    ]
}
