internal import CommandLineInterface

/// All commands of the program, in the order in which help shows them.
package enum ControlCommands {
    package static let root: Command = Command(
        "orchestratorctl",
        "make pictures with an orchestrator, and look after it",
        details: [
            "The server is named by --api-url, else by ORCHESTRATOR_API_URL, else by what 'auth login' or 'config set' has "
                + "kept, else it is http://127.0.0.1:8080; the key by --api-key, ORCHESTRATOR_API_KEY or 'auth login'. A key "
                + "that was kept goes to no server but its own.",
            "Settings and the key are kept in $XDG_CONFIG_HOME/orchestrator/ctl.json, by default in "
                + "~/.config/orchestrator/ctl.json, mode 0600.",
            "Answers go to standard output, everything else to standard error. NO_COLOR keeps pictures and colours out of "
                + "the terminal.",
        ],
        commands: [
            GenerateCommand.command, EditCommands.edit, EditCommands.vary, GalleryCommands.command, JobCommands.command,
            ExplainCommand.command, ModelsCommand.command, UsageCommand.command, CreditCommands.command,
            AuthCommands.command, KeyCommands.command, ConfigCommands.command, ConfigCommands.settings,
            HealthCommand.command, AdminCommands.command, completion, man,
        ]
    )

    package static let common: [CommandOption] = [
        CommandOption("api-url", "URL", "the server (ORCHESTRATOR_API_URL)"),
        CommandOption(
            "api-key",
            "KEY",
            "the key; others on this machine see it in the list of processes (ORCHESTRATOR_API_KEY)"
        ),
        CommandOption(flag: "json", "print what the API answers, for scripts"),
        CommandOption("timeout", "SECONDS", .number(1...86_400), "for one answer of the API (60)"),
    ]

    private static let completion: Command = Command(
        "completion",
        "print what a shell needs to complete commands",
        details: ["For bash, in ~/.bashrc: source <(orchestratorctl completion bash)"],
        operands: [Operand("SHELL", .choice(ShellCompletion.shells))]
    ) { call throws(CommandFailure) in
        Console.out(ShellCompletion(root: root, common: common).script(for: call.operand(0)))
    }

    private static let man: Command = Command("man", "print the manual page") { _ throws(CommandFailure) in
        Console.out(ManualPage(root: root, common: common).text)
    }
}
