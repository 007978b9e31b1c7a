import Glibc
import Orchestrator

extension FakeOpenAI {
    /// Draws what a valid call orders, as far as the script lets it.
    func produce(_ order: OpenAIOrder, call: Int) -> FakeReply {
        let step = books.nextStep()
        let count = min(order.count, step.pictureCount ?? order.count)
        let partialCount = order.streams ? min(order.partialCount, step.partialCount ?? order.partialCount) : 0
        let usage = OpenAIUsage(order, count: max(1, count), partialCount: partialCount)
        let cost = count == 0 ? 0 : usage.costMicroUSD(order.model)
        if let reply = misconduct(step, call: call, costMicroUSD: cost) { return reply }
        if step.isCharged ?? true { books.charge(call, cost) }
        let pictures = (0..<count).map { _ in
            books.draw(
                order.format,
                width: order.width,
                height: order.height,
                isTransparent: order.background == "transparent",
                by: step
            )
        }
        if order.streams { return stream(order, pictures, usage, partialCount: partialCount, step) }
        var body: JSONObject = ["created": JSON(Int(time(nil)))]
        for (name, value) in order.echo { body[name] = value }
        body["data"] = .array(pictures.map { ["b64_json": .string(Base64.encode($0))] })
        switch step.usage {
        case .complete: body["usage"] = usage.json(withOutputDetails: true)
        case .withoutOutputDetails: body["usage"] = usage.json(withOutputDetails: false)
        case .missing: break
        }
        return damaged(.json(200, .object(body)), step)
    }

    private func stream(
        _ order: OpenAIOrder,
        _ pictures: [[UInt8]],
        _ usage: OpenAIUsage,
        partialCount: Int,
        _ step: Step
    ) -> FakeReply {
        var reply = FakeReply(200, headers: [("content-type", "text/event-stream; charset=utf-8")])
        reply.framing = .chunked
        let prefix = order.isEdit ? "image_edit" : "image_generation"
        func event(_ kind: String, _ bytes: [UInt8], _ more: [(String, JSON)]) -> [UInt8] {
            let type = "\(prefix).\(kind)"
            let head: [(String, JSON)] = [
                ("type", .string(type)), ("b64_json", .string(Base64.encode(bytes))),
                ("created_at", JSON(Int(time(nil)))),
            ]
            return serverSentEvent(type, .object(JSONObject(head + order.echo + more)))
        }
        for index in 0..<partialCount {
            let picture = books.draw(order.format, width: order.width, height: order.height, by: .ok, isFinal: false)
            keepPartial(picture)
            reply.parts.append(.bytes(event("partial_image", picture, [("partial_image_index", JSON(index))])))
        }
        switch step.streamEnd {
        case .wrappedError, .bareError:
            let error: JSON = [
                "type": "image_generation_server_error", "code": "image_generation_failed",
                "message": .string("Image generation failed " + step.marker), "param": nil,
            ]
            let isBare = if case .bareError = step.streamEnd { true } else { false }
            reply.parts.append(.bytes(serverSentEvent("error", isBare ? error : ["type": "error", "error": error])))
        case .nothing:
            break
        case .cut:
            let last =
                pictures.last.map { event("completed", $0, [("usage", usage.json(withOutputDetails: false))]) } ?? []
            reply.parts += [.bytes(Array(last.prefix(last.count / 2))), .reset]
        case .completed, .completedAndDone:
            for picture in pictures {
                reply.parts.append(
                    .bytes(event("completed", picture, [("usage", usage.json(withOutputDetails: false))]))
                )
            }
            if case .completedAndDone = step.streamEnd { reply.parts.append(.bytes(Array("data: [DONE]\n\n".utf8))) }
        }
        return reply
    }

    private func serverSentEvent(_ name: String, _ data: JSON) -> [UInt8] {
        Array("event: \(name)\ndata: ".utf8) + data.serialized() + Array("\n\n".utf8)
    }
}

extension OpenAIOrder {
    /// The resolved values, which every answer repeats.
    var echo: [(String, JSON)] {
        let known: [(String, JSON)] = [
            ("background", .string(background)), ("output_format", .string(format.rawValue)),
            ("quality", .string(quality)), ("size", .string("\(width)x\(height)")),
        ]
        return known + (safetyIdentifier.map { [("safety_identifier", .string($0))] } ?? [])
    }
}

/// What one answer says it used.
struct OpenAIUsage {
    var textTokens: Int
    var imageTokens: Int
    var outputTokens: Int

    /// Each picture is billed as if asked for alone; a partial picture adds 100 tokens.
    init(_ order: OpenAIOrder, count: Int, partialCount: Int) {
        textTokens = max(1, (order.prompt.utf8.count + 3) / 4) * count
        imageTokens = order.inputImageTokens * count
        let drawn = order.model.outputTokens(quality: order.quality, width: order.width, height: order.height)
        outputTokens = (drawn + 100 * partialCount) * count
    }

    func costMicroUSD(_ model: OpenAIModel) -> Int {
        model.costMicroUSD(textTokens: textTokens, imageTokens: imageTokens, outputTokens: outputTokens)
    }

    func json(withOutputDetails: Bool) -> JSON {
        let input = textTokens + imageTokens
        var usage: JSONObject = [
            "total_tokens": JSON(input + outputTokens), "input_tokens": JSON(input),
            "output_tokens": JSON(outputTokens),
            "input_tokens_details": ["text_tokens": JSON(textTokens), "image_tokens": JSON(imageTokens)],
        ]
        if withOutputDetails {
            usage["output_tokens_details"] = ["image_tokens": JSON(outputTokens), "text_tokens": 0]
        }
        return .object(usage)
    }
}
