import Orchestrator
import Testing

/// Rules that every page keeps, checked in the page as it stands: names, labels, landmarks, contrast, room, order.
enum AccessibilityRules {
    /// What a page does against the rules; empty where it keeps them.
    static func broken(in visit: PageVisit) async throws -> [String] {
        let found = try await visit.run(script)
        return found.array?.compactMap(\.string) ?? ["the rules did not run"]
    }

    private static let script = """
        const wrong = [];
        const say = (rule, e) => wrong.push(`${rule}: <${e.tagName.toLowerCase()}${e.id ? '#' + e.id : ''}${e.className && e.className.baseVal === undefined ? '.' + e.className : ''}> ${(e.textContent || '').trim().slice(0, 40)}`);
        const isSeen = (e) => e.checkVisibility({ visibilityProperty: true });
        const all = (selector) => [...document.querySelectorAll(selector)].filter(isSeen);
        const nameOf = (e) => (e.getAttribute('aria-label')
            || (e.getAttribute('aria-labelledby') || '').split(/\\s+/).map((id) => document.getElementById(id)?.textContent || '').join(' ').trim()
            || [...(e.labels || [])].map((l) => l.textContent).join(' ').trim()
            || e.textContent.trim() || [...e.querySelectorAll('img[alt]')].map((i) => i.alt).join(' ') || e.getAttribute('title') || '').trim();

        if (!document.documentElement.lang) wrong.push('the document has no language');
        if (!document.title) wrong.push('the document has no title');
        for (const [landmark, count] of [['main', 1], ['header', 1], ['nav', 1], ['footer', 1]])
            if (document.querySelectorAll(landmark).length !== count) wrong.push(`not ${count} ${landmark}`);
        const headings = [...document.querySelectorAll('h1, h2, h3')].filter((e) => e.checkVisibility());
        if (headings.filter((e) => e.tagName === 'H1').length !== 1 && !document.querySelector('main .empty')) wrong.push('not one h1');
        let level = 0;
        for (const e of headings) {
            const own = Number(e.tagName[1]);
            if (own > level + 1 && level > 0) say('a heading skips a level', e);
            level = own;
        }
        const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
        for (const id of ids.filter((id, i) => ids.indexOf(id) !== i)) wrong.push(`the id ${id} is there twice`);
        for (const attribute of ['aria-labelledby', 'aria-describedby', 'for'])
            for (const e of document.querySelectorAll(`[${attribute}]`))
                for (const id of e.getAttribute(attribute).split(/\\s+/)) if (id && !document.getElementById(id)) say(`${attribute} points nowhere`, e);

        for (const e of all('button, a[href], summary, [role=button]')) if (!nameOf(e)) say('a control has no name', e);
        for (const e of document.querySelectorAll('input:not([type=hidden]), select, textarea'))
            if (e.checkVisibility() && !nameOf(e)) say('a field has no label', e);
        for (const e of document.querySelectorAll('img')) if (!e.hasAttribute('alt')) say('a picture has no alt', e);
        for (const e of all('svg[role=img], canvas[role=img], figure[tabindex], progress')) if (!e.getAttribute('aria-label')) say('a figure has no name', e);
        for (const e of all('fieldset')) if (!e.querySelector('legend')?.textContent.trim()) say('a group has no legend', e);
        for (const e of all('dialog[open]')) if (!nameOf(e)) say('a window has no name', e);
        for (const e of document.querySelectorAll('[tabindex]')) if (e.tabIndex > 0) say('a tabindex breaks the order', e);
        if (!document.querySelector('[role=status], [aria-live]')) wrong.push('no live region');

        const parse = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return { r, g, b, a }; };
        const over = (top, under) => ({ r: top.r * top.a + under.r * (1 - top.a), g: top.g * top.a + under.g * (1 - top.a), b: top.b * top.a + under.b * (1 - top.a), a: 1 });
        const ground = (e) => {
            const layers = [];
            for (let at = e; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
            return layers.reverse().reduce((under, top) => over(top, under), { r: 255, g: 255, b: 255, a: 1 });
        };
        const light = ({ r, g, b }) => { const f = (v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }; return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
        const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
        for (const e of all('main *, header *, footer *, dialog[open] *, .toast')) {
            if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
            if (e.closest(':disabled, .unseen, .skip, .waiting, svg')) continue;
            const style = getComputedStyle(e);
            const size = parseFloat(style.fontSize);
            const least = size >= 24 || (size >= 18.6 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
            const under = ground(e);
            const found = contrast(over(parse(style.color), under), under);
            if (found < least) say(`contrast ${found.toFixed(2)} below ${least}`, e);
        }
        if (document.documentElement.scrollWidth > innerWidth) wrong.push(`the page is ${document.documentElement.scrollWidth} wide in a window of ${innerWidth}`);
        for (const e of all('button, select, input[type=text], input[type=email], input[type=password]'))
            if (e.getBoundingClientRect().height < 24 && !e.closest('.unseen')) say('a target is lower than 24 pixels', e);
        return wrong;
        """

    /// Goes through a page with the tab key alone: the controls that got the focus, in order, and those whose focus
    /// cannot be seen.
    static func walk(_ visit: PageVisit, steps: Int) async throws -> (visited: [String], unseen: [String]) {
        var (visited, unseen): ([String], [String]) = ([], [])
        for _ in 0..<steps {
            try await visit.keys([PageVisit.tab])
            let state = try await visit.run(
                """
                const e = document.activeElement;
                if (!e || e === document.body) return null;
                const marked = [e, e.nextElementSibling, e.parentElement].some((at) => at && ['outlineStyle'].some((key) => getComputedStyle(at)[key] !== 'none'));
                return [e.id || e.name || e.textContent.trim().slice(0, 30), marked, e.value ?? ''];
                """
            )
            guard let state = state.array, let name = state.first?.string else { continue }
            visited.append(name)
            if state[1].bool != true { unseen.append(name) }
        }
        return (visited, unseen)
    }
}
