/// A statistical model: data, parameters with priors, quantities computed from them, and observations.
///
///     var model = Model()
///     let x = try model.data("x", xs)
///     let alpha = model.parameter("alpha", .normal(0, 10))
///     let beta = model.parameter("beta", .normal(0, 10))
///     let sigma = model.parameter("sigma", .halfCauchy(5))
///     model.observe("y", ys, .normal(alpha + beta * x, sigma))
///     let posterior = try model.compile()
///
/// Mistakes in declarations are kept and thrown by ``compile()``, so that a model reads as formulas.
public struct Model: Sendable {
  let identity = ModelIdentity()
  private(set) var parameters: [Parameter] = []
  private(set) var deterministics: [Named] = []
  private(set) var observations: [Observation] = []
  private(set) var terms: [Named] = []
  private(set) var mistakes: [String] = []
  private var names: Set<String> = []

  struct Parameter: Sendable {
    let key: ParameterKey
    let shape: Shape
    let distribution: Distribution
    let lower: Formula?
    let upper: Formula?
    let constraint: Constraint
    var parameterization: Parameterization

    var name: String { key.name }
  }

  struct Named: Sendable {
    let name: String
    let formula: Formula
  }

  struct Observation: Sendable {
    let name: String
    let values: Formula
    let distribution: Distribution
  }

  public init() {}

  /// Declares a parameter, constrained to the support of its distribution or to explicit bounds.
  ///
  /// Explicit bounds are numbers, arrays of them (one for each element) or formulas of other parameters. They restrict
  /// the distribution, within its support, without renormalising it, as in Stan; a truncated one is normalised.
  ///
  /// - Parameters:
  ///   - shape: `[]` for a scalar, `[8]` for a vector, `[2, 5]` for a matrix.
  ///   - distribution: Elements are independent given the distribution's parameters, which broadcast to the shape; a
  ///     multivariate distribution is of the vector, of each row of a matrix, or of a square matrix as a whole.
  ///   - constraint: A set of vectors or matrices to which the parameter is confined.
  ///   - parameterization: The coordinates in which samplers move; the model stays the same.
  @discardableResult
  public mutating func parameter(
    _ name: String, shape: Shape = .scalar, _ distribution: Distribution, lower: (any FormulaConvertible)? = nil,
    upper: (any FormulaConvertible)? = nil, constraint: Constraint = .none,
    parameterization: Parameterization = .centered
  ) -> Formula {
    take(name, "parameter")
    if shape.lengths.contains(where: { $0 < 1 }) { mistakes.append("the parameter \(name) has no elements: \(shape)") }
    var shape = shape
    if !shape.isCountable {
      mistakes.append("the parameter \(name) has more elements than can be held: \(shape)")
      shape = Shape(shape.lengths.map { _ in 1 })
    }
    let key = ParameterKey(model: identity, name: name)
    parameters.append(
      Parameter(
        key: key, shape: shape, distribution: distribution,
        lower: Self.within(lower?.formula, distribution.lower, .maximum),
        upper: Self.within(upper?.formula, distribution.upper, .minimum), constraint: constraint,
        parameterization: parameterization))
    return Formula(Node(.parameter(key), [], shape))
  }

  /// The tighter of an explicit bound and the distribution's own.
  private static func within(_ explicit: Formula?, _ own: Formula?, _ operation: Node.Binary) -> Formula? {
    guard let explicit, let own else { return explicit ?? own }
    if case .invalid = explicit.node.operation { return explicit }
    return Formula(.binary(operation, explicit.node, own.node))
  }

  /// Declares a vector of parameters.
  @discardableResult
  public mutating func parameter(
    _ name: String, count: Int, _ distribution: Distribution, lower: (any FormulaConvertible)? = nil,
    upper: (any FormulaConvertible)? = nil, constraint: Constraint = .none,
    parameterization: Parameterization = .centered
  ) -> Formula {
    parameter(
      name, shape: [count], distribution, lower: lower, upper: upper, constraint: constraint,
      parameterization: parameterization)
  }

  /// Declares a matrix of parameters.
  @discardableResult
  public mutating func parameter(
    _ name: String, rows: Int, columns: Int, _ distribution: Distribution, lower: (any FormulaConvertible)? = nil,
    upper: (any FormulaConvertible)? = nil, constraint: Constraint = .none,
    parameterization: Parameterization = .centered
  ) -> Formula {
    parameter(
      name, shape: [rows, columns], distribution, lower: lower, upper: upper, constraint: constraint,
      parameterization: parameterization)
  }

  /// Names a quantity computed from parameters; draws keep it beside them.
  @discardableResult
  public mutating func deterministic(_ name: String, _ formula: Formula) -> Formula {
    take(name, "quantity")
    deterministics.append(Named(name: name, formula: formula))
    return formula
  }

  /// Declares what was observed, element by element, or row by row of a multivariate distribution.
  ///
  /// The distribution's parameters broadcast to the shape of the values.
  public mutating func observe(_ name: String, _ values: some FormulaConvertible, _ distribution: Distribution) {
    take(name, "observation")
    observations.append(Observation(name: name, values: values.formula, distribution: distribution))
  }

  /// Adds a term, or the sum of an array of terms, to the log density.
  public mutating func addLogDensity(_ name: String, _ formula: Formula) {
    take(name, "term")
    terms.append(Named(name: name, formula: formula))
  }

  /// The same model in other coordinates.
  func reparameterized(_ choices: [String: Parameterization]) -> Model {
    var model = self
    for (i, parameter) in parameters.enumerated() {
      if let choice = choices[parameter.name] { model.parameters[i].parameterization = choice }
    }
    return model
  }

  /// The model without what was observed.
  var prior: Model {
    var model = self
    model.observations = []
    return model
  }

  private mutating func take(_ name: String, _ kind: String) {
    if name.isEmpty { mistakes.append("a \(kind) has no name") }
    if !names.insert(name).inserted { mistakes.append("the name \(name) is used twice; the second is a \(kind)") }
  }
}

extension Model {
  /// Names a vector of numbers, which can be replaced for prediction.
  ///
  /// - Throws: ``ModelError`` without elements or with one that is not a finite number.
  public func data(_ name: String, _ values: [Double]) throws(ModelError) -> Formula {
    try data(name, ModelData(values))
  }

  /// Names a vector of whole numbers.
  public func data(_ name: String, _ values: [Int]) throws(ModelError) -> Formula {
    try data(name, ModelData(values))
  }

  /// Names a matrix, given by rows of one length.
  public func data(_ name: String, _ rows: [[Double]]) throws(ModelError) -> Formula {
    try data(name, ModelData(rows))
  }

  /// Names data of any shape.
  public func data(_ name: String, _ data: ModelData) throws(ModelError) -> Formula {
    Formula(try data.node(name))
  }

  /// Names positions along an axis, counted from 0, by which expressions are gathered.
  public func index(_ name: String, _ positions: [Int]) throws(ModelError) -> Index {
    if positions.isEmpty { throw ModelError("the index \(name) has no rows") }
    if let row = positions.firstIndex(where: { $0 < 0 || $0 > Int(Int32.max) }) {
      throw ModelError("the index \(name) is \(positions[row]) in row \(row); positions are counted from 0")
    }
    return Index(IndexBlock(name: name, values: positions))
  }
}

/// Numbers given to a model, with their shape.
public struct ModelData: Sendable, ExpressibleByArrayLiteral, ExpressibleByFloatLiteral {
  public let values: [Double]
  public let shape: Shape
  private let problem: String?

  public init(_ values: [Double]) { self.init(values, shape: [values.count]) }
  public init(_ values: [Int]) { self.init(values.map(Double.init)) }
  public init(arrayLiteral elements: Double...) { self.init(elements) }
  public init(floatLiteral value: Double) { self.init([value], shape: .scalar) }

  /// Rows of a matrix.
  public init(_ rows: [[Double]]) {
    let columns = rows.first?.count ?? 0
    values = rows.flatMap { $0 }
    shape = [rows.count, columns]
    problem = rows.firstIndex { $0.count != columns }.map {
      "row \($0) has \(rows[$0].count) elements and row 0 has \(columns)"
    }
  }

  /// Values in row-major order.
  public init(_ values: [Double], shape: Shape) {
    self.values = values
    self.shape = shape
    problem =
      shape.isCountable && shape.lengths.allSatisfy { $0 >= 0 } && values.count == shape.count
      ? nil : "there are \(values.count) values for the shape \(shape)"
  }

  func node(_ name: String) throws(ModelError) -> Node {
    if let problem { throw ModelError("the data \(name): \(problem)") }
    if values.isEmpty { throw ModelError("the data \(name) has no rows") }
    if let row = values.firstIndex(where: { !$0.isFinite }) {
      throw ModelError("the data \(name) holds \(values[row]) at position \(row); leave such rows out")
    }
    return .constant(values, shape, name: name)
  }

  func index(_ name: String) throws(ModelError) -> IndexBlock {
    if let row = values.firstIndex(where: { !($0 >= 0 && $0 <= 2e9 && $0.rounded() == $0) }) {
      throw ModelError("the index \(name) is \(values[row]) in row \(row); positions are whole numbers from 0")
    }
    return IndexBlock(name: name, values: values.map { Int($0) })
  }
}

/// The coordinates in which samplers move a parameter of a location-scale family.
public enum Parameterization: Sendable {
  /// The parameter itself: right where data say much about each element.
  case centered
  /// z with parameter = location + scale · z: right where data say little, as the scale's funnel is gone.
  case nonCentered
  /// One or the other, chosen for the whole level when the model is compiled, by how much data weigh in it beside its
  /// distribution. Compiling then takes a few hundred evaluations of the density.
  case automatic
  /// Integrated out of the density that is sampled, and drawn afterwards given everything else, which leaves the
  /// posterior as it is: for upper levels of a hierarchy, normal quantities that enter nothing but means of normal
  /// distributions, linearly and with data as coefficients. What has such a mean is left `.centered`.
  case marginalized

  /// The same, as spelt in Britain.
  public static var centred: Parameterization { .centered }
}

/// Sets to which vectors and matrices of parameters are confined.
public enum Constraint: Sendable {
  case none
  /// x_1 < x_2 < …
  case ordered
  /// 0 < x_1 < x_2 < …
  case positiveOrdered
  /// Positive elements that sum to 1.
  case simplex
  /// Elements whose squares sum to 1.
  case unitVector
  /// Elements that sum to 0.
  case zeroSum
  /// The lower triangular Cholesky factor of a correlation matrix.
  case choleskyCorrelation
  /// The lower triangular Cholesky factor of a covariance matrix.
  case choleskyCovariance
  /// A correlation matrix.
  case correlation
  /// A symmetric, positive definite matrix.
  case covariance

  var isOfMatrices: Bool {
    switch self {
    case .choleskyCorrelation, .choleskyCovariance, .correlation, .covariance: true
    default: false
    }
  }

  var words: String {
    switch self {
    case .none: "free"
    case .ordered: "ordered"
    case .positiveOrdered: "positive and ordered"
    case .simplex: "a simplex"
    case .unitVector: "a unit vector"
    case .zeroSum: "of sum 0"
    case .choleskyCorrelation: "a Cholesky factor of a correlation matrix"
    case .choleskyCovariance: "a Cholesky factor of a covariance matrix"
    case .correlation: "a correlation matrix"
    case .covariance: "a covariance matrix"
    }
  }
}
