// Writes JSON: commas, quotes and escapes, so that the result is valid whatever the strings hold.
//
// Nothing here is inlined: each place that prints something would pay for it in bytes of the extension. What prints
// most of a snapshot is made for speed instead.

struct JSONWriter: ~Copyable {
  private var out: ByteSink
  /// Whether the next value or key is preceded by a comma.
  private var needsComma = false

  init(capacity: Int) { out = ByteSink(capacity: capacity) }

  /// What was written, with a newline behind it if wanted.
  consuming func finish(line: Bool) -> Bytes {
    if line { out.byte(10) }
    return out.handOver()
  }

  /// How many bytes were written.
  var count: Int { out.count }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { out.withBytes(body) }

  /// Members or a part of one, as they were written before; what follows is another member or the value of a key.
  mutating func copy(_ text: UnsafeRawBufferPointer) {
    out.bytes(text)
    needsComma = true
  }

  // MARK: Members of objects

  /// A key, which needs no escapes.
  @_optimize(speed)
  @inline(never)
  mutating func key(_ name: UnsafePointer<UInt8>, _ length: Int) {
    out.key(name, length, afterComma: needsComma)
    needsComma = false
  }

  /// The same for a key of PreparedTables, which has its comma, its quotes and its colon.
  @inline(__always)
  mutating func key(prepared start: UnsafeRawPointer, _ length: Int) {
    let skipped = needsComma ? 0 : 1
    out.words(start + skipped, length &- skipped)
    needsComma = false
  }

  /// A number behind a key.
  @inline(__always)
  mutating func value(_ number: UInt64) {
    if number < 10 { out.byte(UInt8(truncatingIfNeeded: 48 &+ number)) } else { out.decimal(number) }
    needsComma = true
  }

  @inline(never)
  mutating func key(_ name: StaticString) { key(name.utf8Start, name.utf8CodeUnitCount) }

  @inline(never)
  mutating func member(_ name: String, _ value: String) {
    string(name)
    out.byte(UInt8(ascii: ":"))
    needsComma = false
    string(value)
  }

  @inline(never)
  mutating func openObject(_ name: StaticString) {
    key(name)
    openObject()
  }

  @inline(never)
  mutating func openArray(_ name: StaticString) {
    key(name)
    openArray()
  }

  @inline(never)
  mutating func null(_ name: StaticString) {
    key(name)
    null()
  }

  @inline(never)
  mutating func string(_ name: StaticString, _ value: String?) {
    key(name)
    if let value { string(value) } else { null() }
  }

  @inline(never)
  mutating func number(_ name: StaticString, _ value: UInt64?) {
    key(name)
    number(value)
  }

  @inline(never)
  mutating func number(_ name: StaticString, _ value: Int?) {
    key(name)
    guard let value else { return null() }
    number(value)
  }

  @inline(never)
  mutating func bool(_ name: StaticString, _ value: Bool) {
    key(name)
    bool(value)
  }

  /// A time as RFC 3339; null where there is none.
  @inline(never)
  mutating func time(_ name: StaticString, _ nanosecondsSince1970: UInt64?) {
    key(name)
    time(nanosecondsSince1970 ?? 0)
  }

  @inline(never)
  mutating func milliseconds(_ name: StaticString, _ nanoseconds: UInt64?) {
    key(name)
    milliseconds(nanoseconds)
  }

  /// A percentage with one digit; null for what is not a number.
  @inline(never)
  mutating func percent(_ name: StaticString, _ value: Double?) {
    key(name)
    guard let value, value >= 0, value < 1e12 else { return null() }
    // Not `rounded()`: it asks for the mathematics library, which the extension does without.
    fraction(UInt64(value * 10 + 0.5), digits: 1)
  }

  // MARK: Values, in arrays or after a key

  @inline(never)
  mutating func openObject() { open(UInt8(ascii: "{")) }
  @inline(never)
  mutating func closeObject() { close(UInt8(ascii: "}")) }
  @inline(never)
  mutating func openArray() { open(UInt8(ascii: "[")) }
  @inline(never)
  mutating func closeArray() { close(UInt8(ascii: "]")) }

  @_optimize(speed)
  @inline(never)
  mutating func null() {
    comma()
    out.word(0x6C_6C75_6E, 4)
    needsComma = true
  }

  @inline(never)
  mutating func string(_ value: String) {
    _ = value.withBytes { string($0) }
  }

  /// Text that is UTF-8.
  @_optimize(speed)
  @inline(never)
  mutating func string(_ value: UnsafeRawBufferPointer) {
    if PlainText.isPlain(value) {
      out.quoted(value, afterComma: needsComma)
      needsComma = true
      return
    }
    comma()
    quoted(value)
    needsComma = true
  }

  /// A word that needs no escapes.
  @_optimize(speed)
  @inline(never)
  mutating func word(_ value: UnsafeRawBufferPointer) {
    out.quoted(value, afterComma: needsComma)
    needsComma = true
  }

  @inline(never)
  mutating func number(_ value: UInt64?) {
    guard let value else { return null() }
    out.decimal(value)
    needsComma = true
  }

  @inline(never)
  mutating func number(_ value: Int) {
    if value < 0 { out.byte(UInt8(ascii: "-")) }
    out.decimal(UInt64(value.magnitude))
    needsComma = true
  }

  @inline(never)
  mutating func bool(_ value: Bool) {
    out.word(value ? 0x65_7572_74 : 0x65_736C_6166, value ? 4 : 5)
    needsComma = true
  }

  /// RFC 3339; null for 0, which is no time at which anything of ours happened.
  @inline(never)
  mutating func time(_ nanosecondsSince1970: UInt64) {
    if nanosecondsSince1970 == 0 { return null() }
    out.byte(UInt8(ascii: "\""))
    out.time(nanosecondsSince1970)
    out.byte(UInt8(ascii: "\""))
    needsComma = true
  }

  /// A number of nanoseconds in milliseconds, exact to the microsecond, without needless zeros.
  @_optimize(speed)
  @inline(never)
  mutating func milliseconds(_ nanoseconds: UInt64?) {
    guard let nanoseconds else { return null() }
    fraction(nanoseconds / 1000, digits: 3)
  }

  /// `value` / 10^`digits`, without needless zeros; one digit or three.
  @_optimize(speed)
  @inline(never)
  private mutating func fraction(_ value: UInt64, digits: Int) {
    // Two divisions by what is known are quicker than one by what is not.
    let whole = digits == 3 ? value / 1000 : value / 10
    out.decimal(whole)
    var rest = UInt32(truncatingIfNeeded: value &- whole &* (digits == 3 ? 1000 : 10))
    var width = digits
    while width > 0, rest % 10 == 0 {
      rest /= 10
      width &-= 1
    }
    if width > 0 {
      out.byte(UInt8(ascii: "."))
      out.digits(Int(truncatingIfNeeded: rest), width)
    }
    needsComma = true
  }

  private mutating func open(_ bracket: UInt8) {
    comma()
    out.byte(bracket)
    needsComma = false
  }

  private mutating func close(_ bracket: UInt8) {
    out.byte(bracket)
    needsComma = true
  }

  @inline(__always)
  private mutating func comma() {
    if needsComma { out.byte(UInt8(ascii: ",")) }
  }

  private mutating func quoted(_ value: UnsafeRawBufferPointer) {
    out.byte(UInt8(ascii: "\""))
    escaped(value)
    out.byte(UInt8(ascii: "\""))
  }

  /// Plain runs are copied whole. What JavaScript takes for the end of a line and what a terminal acts
  /// on is escaped as well, although JSON allows it.
  @inline(never)
  private mutating func escaped(_ text: UnsafeRawBufferPointer) {
    var plain = 0
    var index = 0
    while index < text.count {
      if index &+ 8 <= text.count, PlainText.isPlain(text.loadUnaligned(fromByteOffset: index, as: UInt64.self)) {
        index &+= 8
        continue
      }
      let length = Self.special(text, index)
      if length == 0 {
        index &+= 1
        continue
      }
      out.bytes(UnsafeRawBufferPointer(rebasing: text[plain..<index]))
      escape(text, index, length)
      index &+= length
      plain = index
    }
    out.bytes(UnsafeRawBufferPointer(rebasing: text[plain..<text.count]))
  }

  /// Length of the character at `index` if it must be escaped, else 0.
  @inline(__always)
  private static func special(_ text: UnsafeRawBufferPointer, _ index: Int) -> Int {
    let byte = text[index]
    if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F { return 1 }
    if byte == 0xC2, index &+ 1 < text.count, text[index &+ 1] < 0xA0 { return 2 }
    if byte == 0xE2, index &+ 2 < text.count, text[index &+ 1] == 0x80, text[index &+ 2] & 0xFE == 0xA8 { return 3 }
    return 0
  }

  private mutating func escape(_ text: UnsafeRawBufferPointer, _ index: Int, _ length: Int) {
    let byte = text[index]
    switch (length, byte) {
    case (2, _): unicode(UInt16(text[index &+ 1]))
    case (3, _): unicode(0x2000 | UInt16(text[index &+ 2] & 0x3F))
    case (_, UInt8(ascii: "\"")): out.text("\\\"")
    case (_, UInt8(ascii: "\\")): out.text("\\\\")
    case (_, 0x0A): out.text("\\n")
    case (_, 0x09): out.text("\\t")
    case (_, 0x0D): out.text("\\r")
    default: unicode(UInt16(byte))
    }
  }

  private mutating func unicode(_ value: UInt16) {
    out.text("\\u")
    var shift: UInt16 = 16
    while shift > 0 {
      shift &-= 4
      let digit = UInt8(truncatingIfNeeded: (value &>> shift) & 0xF)
      out.byte(digit < 10 ? 48 &+ digit : 87 &+ digit)
    }
  }
}
