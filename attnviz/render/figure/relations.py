"""Which heads find which relations: the best heads of each, with intervals, beside simple rules."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from attnviz.analysis.probes import Probe
from attnviz.errors import InputError
from attnviz.render.colour import share_of_palette
from attnviz.render.figure.canvas import GREY, INK, PAD, RULE, Canvas
from attnviz.render.figure.frame import Frame
from attnviz.render.figure.layout import no_room
from attnviz.render.figure.measure import TextMeasurer
from attnviz.render.figure.save import plain_settings
from attnviz.render.numbers import share
from attnviz.render.safe import visible
from attnviz.render.style import Style

DEFAULT = Style()
USUAL, ROW, LOWEST_ROW, HIGHEST_ROW = 7.2, 0.19, 0.1, 0.3  # inches
POINTS = (8.0, 7.0, 6.0, 5.0)
MOST = 60  # of more relations, those with most examples
OTHERS = 2  # heads beside the best one
LEAST, LONGEST = 0.8, 0.32  # inches of the axis, and share of the width that names may take
GAP, HAIRLINE, DOT, SMALL = 0.1, 0.01, 0.085, 0.06  # inches
HEADING = 0.2  # inches over the rows
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
STRONG, WEAK = 0.75, 0.35  # places in the palette
NOTE = (
    "Dark: the best head, with its 95 % interval (Wilson 1927); light: the next two. The line is "
    "the best simple rule. Bold where the whole interval lies above every rule."
)


def relations(probes: Sequence[Probe], style: Style = DEFAULT, *, title: str = "") -> Figure:
    """Draw a row for each relation: its best heads' accuracies from 0 to 1, and its best rule's.

    Raises InputError where there is none.
    """
    if not probes:
        raise InputError("there is no relation to draw")
    with plain_settings():
        return _Relations(probes, style, title).draw()


class _Relations:
    """Rows of relations; columns of their names, the axis, the best head and the best rule."""

    def __init__(self, probes: Sequence[Probe], style: Style, title: str) -> None:
        self.style = style
        self.shown = sorted(probes, key=lambda one: -one.n)[:MOST]
        self.names = [f"{one.relation} ({one.n:,})" for one in self.shown]
        self.best = [_head(one) for one in self.shown]
        self.rules = [_rule(one) for one in self.shown]
        notes = [NOTE, "in brackets, how many examples there are"]
        if len(probes) > MOST:
            notes.append(f"only the {MOST} of {len(probes)} relations with most examples")
        heading = style.heading(title)
        said = notes if style.notes else []
        texts = [heading, *said, *self.names, *self.best, *self.rules, "best head", "0.…"]
        self.measurer = TextMeasurer(map(visible, texts), style.dpi, style.font)
        self.total = style.size[0] if style.size else USUAL
        self.frame = Frame.around(heading, said, self.total, self.measurer)
        self.row = self._row()
        self.points = next((p for p in POINTS if p / 72 * 1.2 <= self.row), POINTS[-1])
        self._place_columns()
        high = self.frame.above + HEADING + self.row * len(self.shown) + HEADING + self.frame.below
        self.canvas = Canvas(self.total, high, style.dpi, self.measurer, style.ax)
        self.strong, self.weak = (share_of_palette(style.palette, at) for at in (STRONG, WEAK))

    def draw(self) -> Figure:
        """Draw everything in its place."""
        self.frame.draw(self.canvas)
        self._draw_axis()
        self._draw_dots()
        for at, one in enumerate(self.shown):
            self._draw_row(at, one)
        return self.canvas.figure

    def _row(self) -> float:
        """The inches of a row."""
        if self.style.size is None:
            return ROW
        free = self.style.size[1] - self.frame.above - self.frame.below - 2 * HEADING
        row = min(free / len(self.shown), HIGHEST_ROW)
        if row < LOWEST_ROW:
            raise no_room(self.style.size, "its relations")
        return row

    def _place_columns(self) -> None:
        """Names, then the axis, then the best heads, then the best rules."""
        names, heads, rules = (
            min(self.measurer.width(map(visible, column), self.points, bold=True), most) + GAP
            for column, most in (
                (self.names, LONGEST * self.total),
                ([*self.best, "best head"], self.total),
                ([*self.rules, "best rule"], LONGEST * self.total),
            )
        )
        self.left, self.room = PAD + names, names - GAP
        self.width = self.total - 2 * PAD - names - heads - rules - GAP
        self.heads = self.left + self.width + 2 * GAP
        self.aside, self.rules_room = self.heads + heads, rules - GAP
        if self.width < LEAST:
            raise no_room(self.style.size or (self.total, 0.0), "its relations")

    @property
    def _top(self) -> float:
        """Where the first row begins, in inches from the top."""
        return self.frame.above + HEADING

    def _x(self, accuracy: float) -> float:
        return self.left + self.width * accuracy

    def _draw_axis(self) -> None:
        """Lines at a few accuracies, their numbers under them, and what stands in the columns."""
        high = self.row * len(self.shown)
        for tick in TICKS:
            self.canvas.box(self._x(tick) - HAIRLINE / 2, self._top, HAIRLINE, high, RULE)
            below = self._top + high + HEADING / 2
            said = f"{tick:g}"
            self.canvas.write(self._x(tick), below, said, self.points, color=GREY, align="center")
        for x, name in (
            (self.left, "how often they are right"),
            (self.heads, "best head"),
            (self.aside, "best rule"),
        ):
            over = self._top - HEADING / 2
            self.canvas.write(x, over, name, self.points, color=GREY)

    def _draw_row(self, at: int, one: Probe) -> None:
        """One relation: its rule, the interval of its best head, and their names."""
        middle = self._top + (at + 0.5) * self.row
        best = one.best()[0]
        above = one.above(best)
        found, rule = one.accuracy(best), max(one.baselines().values(), default=0.0)
        thick, tall = 0.022, self.row * 0.8
        self.canvas.box(self._x(rule) - thick / 2, middle - tall / 2, thick, tall, GREY)
        low, high = self._x(found.low), self._x(found.high)
        self.canvas.box(low, middle - HAIRLINE, high - low, 2 * HAIRLINE, self.strong)
        self._write(PAD, middle, self.names[at], self.room, above)
        self._write(self.heads, middle, self.best[at], self.aside - self.heads, above)
        self._write(self.aside, middle, self.rules[at], self.rules_room, False)

    def _write(self, x: float, y: float, text: str, room: float, bold: bool) -> None:
        said = self.measurer.elide(visible(text), self.points, room)
        ink = INK if bold else GREY
        self.canvas.write(x, y, said, self.points, color=ink, bold=bold)

    def _draw_dots(self) -> None:
        """The best heads of all relations, the very best of each in front of its others."""
        high = self.row * len(self.shown)
        axes = self.canvas.axes(self.left, self._top, self.width, high)
        axes.set(xlim=(0, 1), ylim=(len(self.shown), 0))
        heads = [one.best()[: 1 + OTHERS] for one in self.shown]
        for rank in range(OTHERS, -1, -1):
            rows = [at for at, ranked in enumerate(heads) if len(ranked) > rank]
            size = (SMALL if rank else DOT) * 72
            axes.scatter(
                [self.shown[at].accuracy(heads[at][rank]).share for at in rows],
                [at + 0.5 for at in rows],
                s=size**2,
                c=[self.weak if rank else self.strong],
                linewidths=0,
                clip_on=False,
            )


def _head(one: Probe) -> str:
    """``2.8  .94``."""
    best = one.best()[0]
    return f"{best}  {share(one.accuracy(best).share)}"


def _rule(one: Probe) -> str:
    """``.74  always +1``."""
    rule, right = max(one.baselines().items(), key=lambda rule: rule[1], default=("", 0.0))
    return f"{share(right)}  {rule}"
