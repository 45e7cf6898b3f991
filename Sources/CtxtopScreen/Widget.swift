// A widget is a value that knows what to draw; where is decided by the view that renders it.

/// Something that can be drawn into an area.
package protocol Widget {
  /// Draws into `rect`, and nowhere else, whatever its size.
  func render(in rect: Rect, into buffer: inout Buffer)
}

/// On which side of its column a text stands.
package enum Alignment: Sendable {
  case left
  case right
}
