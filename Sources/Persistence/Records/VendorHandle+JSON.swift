internal import Orchestrator

extension VendorHandle {
    /// The form kept in the record.
    var json: JSON {
        var object: JSONObject = ["id": .string(id), "poll_url": .string(pollURL)]
        object["collect_url"] = collectURL.map(JSON.string)
        object["cancel_url"] = cancelURL.map(JSON.string)
        return .object(object)
    }

    init?(_ json: JSON) {
        guard let id = json["id"]?.string, let pollURL = json["poll_url"]?.string else { return nil }
        self.init(
            id: id,
            pollURL: pollURL,
            collectURL: json["collect_url"]?.string,
            cancelURL: json["cancel_url"]?.string
        )
    }
}
