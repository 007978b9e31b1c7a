internal import CommandLineInterface
internal import Orchestrator

/// `orchestratorctl generate`.
enum GenerateCommand {
    static let path = "/v1/images/generations"

    static let command = Command(
        "generate",
        "make pictures from a prompt",
        details: [
            "The prompt may be '-': it is then read from standard input. Links go to standard output, one a line; with -o "
                + "the pictures are written as DIR/ID.EXTENSION.",
            "--batch makes a picture of every line of a CSV file with a column 'prompt' and, as it likes, 'name', 'n', "
                + "'size', 'aspect_ratio', 'quality', 'background', 'format', 'model', 'policy', 'seed' and "
                + "'negative_prompt'; the options are for lines that leave these empty. What is done is kept in a journal, "
                + "FILE.journal: started again, after whatever, the batch goes on where it stood, and nothing is paid for twice.",
        ],
        operands: [Operand("PROMPT", isOptional: true)],
        options: PictureOptions.shape + PictureOptions.route + PictureOptions.more
            + [PictureOptions.fidelity] + PictureOptions.result + [
                CommandOption("previews", "N", .number(1...3), "draw so many early views while the picture is made"),
                CommandOption("batch", "FILE", .file, "a CSV file of prompts"),
                CommandOption("parallel", "N", .number(1...32), "with --batch: jobs at a time (4)"),
                CommandOption("journal", "FILE", .file, "with --batch: where what is done is kept (FILE.journal)"),
                CommandOption(flag: "yes", short: "y", "with --batch: do not ask"),
                CommandOption(flag: "dry-run", "with --batch: only say what it would cost"),
            ]
    ) { call throws(CommandFailure) in try run(call) }

    private static func run(_ call: Invocation) throws(CommandFailure) {
        try PictureOptions.check(call)
        let settings = try call.settings()
        var fields = PictureOptions.fields(call, settings)
        if let file = call.arguments["batch"] {
            guard call.arguments.operands.isEmpty else {
                throw .misuse("--batch takes its prompts from the file alone")
            }
            return try BatchCommand(call, file: file, fields: fields).run()
        }
        fields["prompt"] = .string(try prompt(call.arguments.operands.first))
        let api = try call.api()
        let order = PictureOrder(call, api, path, fields)
        guard let count = call.number("previews") else { return try order.run() }
        try PreviewedOrder(order: order, count: count).run()
    }

    /// The prompt, from standard input where it is `-`.
    static func prompt(_ given: String?) throws(CommandFailure) -> String {
        guard let given else {
            throw .misuse("generate needs PROMPT, '-' to read it from standard input, or --batch FILE")
        }
        let text = given == "-" ? try Terminal.input(called: "the prompt") : given
        guard text.contains(where: { !$0.isWhitespace }) else { throw .misuse("the prompt is empty") }
        return text
    }
}
