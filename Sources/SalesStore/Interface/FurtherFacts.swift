import DemandData
import Foundation

/// What a delivery says of a series on a day beyond units and price; nil for what it does not say.
public struct SalesDetails: Sendable, Hashable, Codable {
  /// As delivered; negative where returns outweigh sales.
  public var revenue: Double?
  /// Price of a unit without promotion.
  public var basePrice: Double?
  /// At the end of the day; negative where the books are wrong.
  public var stockOnHand: Double?

  public init(revenue: Double? = nil, basePrice: Double? = nil, stockOnHand: Double? = nil) {
    self.revenue = revenue
    self.basePrice = basePrice
    self.stockOnHand = stockOnHand
  }

  public var isEmpty: Bool { self == SalesDetails() }

  /// Whether `later` gives another figure for one that is given here.
  public func isContradicted(by later: SalesDetails) -> Bool {
    func differs(_ place: KeyPath<SalesDetails, Double?>) -> Bool {
      if let now = later[keyPath: place], let before = self[keyPath: place] { before.differs(from: now) } else { false }
    }
    return differs(\.revenue) || differs(\.basePrice) || differs(\.stockOnHand)
  }
}

extension Double {
  /// Whether two figures differ by more than what the order of a sum's terms does to it.
  public func differs(from other: Double) -> Bool { abs(self - other) > 1e-9 * max(abs(self), abs(other)) }
}

/// A kind of promotion that a series had on a day.
public struct Promotion: Sendable, Hashable, Codable {
  /// `promotion` where the source tells no kinds apart.
  public let kind: String
  /// Share of the day, above 0 and up to 1.
  public let share: Double

  public init(kind: String, share: Double) {
    self.kind = kind
    self.share = share
  }

  public static let anyKind = "promotion"
}

/// What was said of a series on a day before a later delivery said otherwise, with what holds now.
public struct Restatement: Sendable, Hashable {
  public let product: String
  public let store: String
  public let day: Day
  /// The delivery that said otherwise.
  public let load: Int
  public let supersededAt: Date
  public let units: Double
  public let status: DayStatus
  /// In force on the day; nil where none was known.
  public let price: Double?
  public let details: SalesDetails
  /// What the database says today, after all deliveries.
  public let presentUnits: Double
  public let presentStatus: DayStatus
}

/// Days of a product in a store's range. A series with windows is out of range on all other days.
public struct RangingWindow: Sendable, Hashable, Codable {
  public let product: String
  public let store: String
  public let from: Day
  /// The last day; nil until further notice.
  public let through: Day?
}

/// A property of a node of the tree `product` or `location`.
public struct NodeAttribute: Sendable, Hashable, Codable {
  public let level: String
  public let node: String
  public let name: String
  public let value: String
}

/// A quantity that may explain sales, such as weather, on one day.
public struct Regressor: Sendable, Hashable, Codable {
  public let name: String
  public let day: Day
  public let scope: EventCalendar.Scope
  public let value: Double

  public init(name: String, day: Day, scope: EventCalendar.Scope, value: Double) {
    self.name = name
    self.day = day
    self.scope = scope
    self.value = value
  }
}

/// A note that days are not representative: fits do not see their sales while it is in force.
public struct Annotation: Sendable, Hashable, Codable {
  /// Its number in the database; nil before it is there.
  public var id: Int?
  public let days: UnrepresentativeDays
  public let reason: String
  public let author: String
  public let madeAt: Date
  /// The first origin whose fit sees the days again; nil for never.
  public var expiresOn: Day?

  public init(
    id: Int? = nil, days: UnrepresentativeDays, reason: String, author: String, madeAt: Date, expiresOn: Day? = nil
  ) {
    self.id = id
    self.days = days
    self.reason = reason
    self.author = author
    self.madeAt = madeAt
    self.expiresOn = expiresOn
  }

  /// Whether a fit with this origin does without the days.
  public func isInForce(at origin: Day) -> Bool { expiresOn.map { origin < $0 } ?? true }
}

/// A turn in the life of a product or store. Names may be of nodes that are not there yet.
public struct LifeCycleLink: Sendable, Hashable, Codable {
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// Product `node` follows product `other`, selling `ratio` times as much.
    case successor
    /// Product `node` moves to the node `other` of the level above it.
    case departmentMove = "department_move"
    /// Store `node` opens.
    case opening
    /// Store `node` is shut, through a day or for good.
    case closure
    /// Store `node` is remodelled.
    case remodel
  }

  public let kind: Kind
  public let node: String
  /// Predecessor, or the department moved to; empty for stores.
  public let other: String
  public let day: Day
  /// Last day of a closure or remodel; nil until further notice.
  public let through: Day?
  public let ratio: Double?
  /// The department that a move left; empty before the product's master has moved.
  public let previous: String

  public init(
    kind: Kind, node: String, other: String = "", day: Day, through: Day? = nil, ratio: Double? = nil,
    previous: String = ""
  ) {
    self.kind = kind
    self.node = node
    self.other = other
    self.day = day
    self.through = through
    self.ratio = ratio
    self.previous = previous
  }
}

/// Days that are not representative. Each change is a transaction of its own.
public protocol AnnotationStore: Sendable {
  /// All annotations by number, expired ones too.
  func annotations() throws(StoreError) -> [Annotation]

  /// Adds an annotation; one of the same days, node and reason stays as it is.
  ///
  /// - Returns: the annotation's number, and whether it is new.
  /// - Throws: ``StoreError/unknownName(kind:name:known:)`` for a level or node that the database does not have.
  func addAnnotation(_ annotation: Annotation) throws(StoreError) -> (id: Int, isNew: Bool)

  /// Forgets an annotation.
  ///
  /// - Throws: ``StoreError/unknownAnnotation(_:)``.
  func removeAnnotation(_ id: Int) throws(StoreError)

  /// Lets an annotation hold no more for origins from a day on; the record stays.
  ///
  /// - Throws: ``StoreError/unknownAnnotation(_:)``.
  func expireAnnotation(_ id: Int, on day: Day) throws(StoreError)
}

/// Facts beyond sales, prices and the calendar.
public protocol FurtherFactStore: Sendable {
  /// What later deliveries changed, by load, product, store and day; `limit` at most.
  ///
  /// - Parameter load: only what this load changed; nil for all.
  func restatements(load: Int?, limit: Int) throws(StoreError) -> [Restatement]

  /// Windows by product, store and day.
  func rangingWindows() throws(StoreError) -> [RangingWindow]

  /// Attributes of the nodes of both trees, by level, node and name.
  func attributes() throws(StoreError) -> [NodeAttribute]

  /// Links by day, kind and node.
  func lifeCycleLinks() throws(StoreError) -> [LifeCycleLink]

  /// Regressors by name, place and day, streamed.
  ///
  /// - Parameter each: must not call the store again.
  func regressors(from: Day?, to: Day?, each: (Regressor) throws -> Void) throws
}
