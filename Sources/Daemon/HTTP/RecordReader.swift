import Orchestrator

/// What works with a part of the record on behalf of callers.
protocol RecordReader {
    associatedtype Record

    var store: Record { get }
}

extension RecordReader {
    /// Reads or changes the record; trouble with it is ours, not the caller's.
    func reading<T>(_ body: (Record) async throws(StoreError) -> T) async throws(APIError) -> T {
        do throws(StoreError) {
            return try await body(store)
        } catch {
            throw .record(error, "\(Self.self)")
        }
    }
}
