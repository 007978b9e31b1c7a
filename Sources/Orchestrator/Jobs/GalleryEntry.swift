/// A public picture in its place in the gallery.
package struct GalleryEntry: Sendable {
    /// When the picture was shown first. No two pictures ever share a time, and a later one has a later time, so it serves
    /// as name and as cursor.
    package var time: Timestamp
    package var image: ImageRecord

    package init(time: Timestamp, image: ImageRecord) {
        self.time = time
        self.image = image
    }
}
