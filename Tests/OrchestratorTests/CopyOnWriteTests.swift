import Testing

@testable import Orchestrator

@Suite struct CopyOnWriteTests {
    @Test func `a change is seen by its holder alone`() {
        var first = CopyOnWrite(["a"])
        let second = first
        first.value.append("b")
        #expect(first.value == ["a", "b"] && second.value == ["a"])
    }

    @Test func `a single holder's value is changed in place`() {
        var holder = CopyOnWrite([1, 2, 3])
        let before = unsafe holder.value.withUnsafeBufferPointer { $0.baseAddress }
        holder.value[0] = 5
        let after = unsafe holder.value.withUnsafeBufferPointer { $0.baseAddress }
        #expect(unsafe before == after && holder.value == [5, 2, 3])
    }

    @Test func `a job, a request and a provider are values`() {
        let request = ImageRequest(operation: .generate)
        var changed = request
        changed.prompt = "a fox"
        changed.routing.exclude.append("openai")
        #expect(request.prompt.isEmpty && request.routing.exclude.isEmpty && changed.prompt == "a fox")
        let provider = Provider.sample("one", [.sample("m")])
        var other = provider
        other.models[0].latency = .seconds(1)
        #expect(provider.models[0].latency == nil && other.models[0].latency == .seconds(1))
    }
}
